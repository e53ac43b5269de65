#include "runtime-shim/cgroup/supervisor_cgroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::rt {
namespace {

const char* entry_file(const Hierarchy& h) {
  return h.unified ? "cgroup.procs" : "tasks";
}

bool move_self_to(const HostPath& directory, const Hierarchy& h) noexcept {
  try {
    const base::UniqueFd file = base::sys::open(directory / entry_file(h), O_WRONLY);
    return ::write(file.get(), "0", 1) == 1;
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace

void SupervisorCgroup::ensure() const {
  for (const auto& h : layout_->hierarchies)
    if (h.caller_below_root) base::sys::make_directories(directory(h));
}

base::UniqueFd SupervisorCgroup::unified_entrance() const {
  const Hierarchy* h = layout_->unified();
  if (h == nullptr || !h->caller_below_root) return {};
  return base::sys::open(directory(*h), O_RDONLY | O_DIRECTORY);
}

void SupervisorCgroup::join_v1() const {
  for (const auto& h : layout_->hierarchies)
    if (h.caller_below_root && !h.unified && !move_self_to(directory(h), h)) {
      // The last shim that left has removed it a moment ago.
      base::sys::make_directories(directory(h));
      if (!move_self_to(directory(h), h)) throw base::SysError(errno, "leave the caller's cgroup");
    }
}

void SupervisorCgroup::leave() const noexcept {
  for (const auto& h : layout_->hierarchies)
    if (h.caller_below_root) move_self_to(h.mount_point, h);
  remove_if_empty();
}

void SupervisorCgroup::remove_if_empty() const noexcept {
  for (const auto& h : layout_->hierarchies) {
    ::rmdir(directory(h).c_str());
    ::rmdir((h.mount_point / root_).c_str());
  }
}

}  // namespace compose::rt
