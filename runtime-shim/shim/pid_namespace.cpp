#include "runtime-shim/shim/pid_namespace.hpp"

#include <exception>
#include <fcntl.h>
#include <sched.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::rt {

PidNamespaceForChildren::PidNamespaceForChildren(int pidfd_or_namespace)
    : own_(base::sys::open(base::HostPath{"/proc/self/ns/pid"}, O_RDONLY)) {
  base::check(::setns(pidfd_or_namespace, CLONE_NEWPID), "enter the container's pid namespace");
}

PidNamespaceForChildren::~PidNamespaceForChildren() {
  // The next container process would be born in the wrong place: better to have none.
  if (::setns(own_.get(), CLONE_NEWPID) == -1) std::terminate();
}

}  // namespace compose::rt
