#pragma once
// While it lives, children of this process are born into another pid namespace; the process itself stays
// where it is. Single-threaded callers only.
#include "base/unique_fd.hpp"

namespace compose::rt {

class PidNamespaceForChildren {
 public:
  explicit PidNamespaceForChildren(int pidfd_or_namespace);
  ~PidNamespaceForChildren();
  PidNamespaceForChildren(const PidNamespaceForChildren&) = delete;
  PidNamespaceForChildren& operator=(const PidNamespaceForChildren&) = delete;

 private:
  base::UniqueFd own_;
};

}  // namespace compose::rt
