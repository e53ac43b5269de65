#pragma once
// Where children of this process are born. Both leave the process as it was when they go; where that fails
// they end it, because the next container process would be born in the wrong place. Single-threaded callers
// only.
#include <array>
#include <utility>

#include "base/unique_fd.hpp"

namespace compose::rt {

// Children are born into another pid namespace; the process itself stays where it is.
class PidNamespaceForChildren {
 public:
  explicit PidNamespaceForChildren(int pidfd_or_namespace);
  ~PidNamespaceForChildren();
  PidNamespaceForChildren(const PidNamespaceForChildren&) = delete;
  PidNamespaceForChildren& operator=(const PidNamespaceForChildren&) = delete;

 private:
  base::UniqueFd own_;
};

// This process is in the mount (with the root directory), network, ipc, uts and cgroup namespaces of another
// one. What is born into a container's pid namespace meanwhile can be seen there at once, by what may trace
// it too, and has never had anything of the host but descriptors.
class VisitedNamespaces {
 public:
  explicit VisitedNamespaces(int pidfd);
  ~VisitedNamespaces();
  void stay() noexcept;  // of a child: it does not go back
  VisitedNamespaces(const VisitedNamespaces&) = delete;
  VisitedNamespaces& operator=(const VisitedNamespaces&) = delete;

 private:
  base::UniqueFd own_root_;
  std::array<std::pair<base::UniqueFd, int>, 5> own_;  // with their CLONE_NEW*
};

}  // namespace compose::rt
