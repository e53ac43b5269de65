#include "net/netns.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <sched.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::net {

namespace {
const base::HostPath k_own_netns{"/proc/thread-self/ns/net"};
}

NewNetns::NewNetns() : before_(base::sys::open(k_own_netns, O_RDONLY)) {
  base::check(::unshare(CLONE_NEWNET), "create a network namespace");
  try {
    fd_ = base::sys::open(k_own_netns, O_RDONLY);
  } catch (...) {
    if (::setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
    throw;
  }
}

NewNetns::~NewNetns() {
  if (::setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
}

}  // namespace compose::net
