#include "runtime-shim/shim/pid_namespace.hpp"

#include <exception>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::rt {
namespace {

constexpr std::array<std::pair<const char*, int>, 5> k_visited{{{"mnt", CLONE_NEWNS},
                                                                {"net", CLONE_NEWNET},
                                                                {"ipc", CLONE_NEWIPC},
                                                                {"uts", CLONE_NEWUTS},
                                                                {"cgroup", CLONE_NEWCGROUP}}};

base::UniqueFd own_namespace(const char* name) {
  return base::sys::open(base::HostPath{base::text("/proc/self/ns/{}", name)}, O_RDONLY);
}

void go_back(const base::UniqueFd& own, int type) noexcept {
  if (::setns(own.get(), type) == -1) std::terminate();
}

}  // namespace

PidNamespaceForChildren::PidNamespaceForChildren(int pidfd_or_namespace) : own_(own_namespace("pid")) {
  base::check(::setns(pidfd_or_namespace, CLONE_NEWPID), "enter the container's pid namespace");
}

PidNamespaceForChildren::~PidNamespaceForChildren() {
  go_back(own_, CLONE_NEWPID);
}

VisitedNamespaces::VisitedNamespaces(int pidfd)
    : own_root_(base::sys::open(base::HostPath{"/"}, O_PATH | O_DIRECTORY)) {
  int all = 0;
  for (std::size_t i = 0; i < own_.size(); ++i) {
    own_[i] = {own_namespace(k_visited[i].first), k_visited[i].second};
    all |= k_visited[i].second;
  }
  base::check(::setns(pidfd, all), "enter the container's namespaces");
}

// The root of a mount namespace need not have been this process's own.
VisitedNamespaces::~VisitedNamespaces() {
  if (!own_root_) return;
  for (const auto& [own, type] : own_) go_back(own, type);
  if (::fchdir(own_root_.get()) == -1 || ::chroot(".") == -1) std::terminate();
}

void VisitedNamespaces::stay() noexcept {
  own_root_.reset();
}

}  // namespace compose::rt
