#include "runtime-shim/rootfs/still_rootfs.hpp"

#include <fcntl.h>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/made_aside.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/rootfs/copy_up.hpp"
#include "runtime-shim/rootfs/mount_apply.hpp"
#include "runtime-shim/rootfs/mount_plan.hpp"
#include "runtime-shim/rootfs/overlay.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;

// A tmpfs in the mount namespace of a moment: the container's root is mounted in it. Of what the host has
// there nothing is needed but by binds of it, which are left out.
constexpr const char* k_scratch = "/sys";
constexpr const char* k_root = "/sys/root";
constexpr const char* k_files = "/sys/files";  // as file_mount_source() has it

bool is_at_or_below(const std::string& path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool is_kernels(const std::string& path) {
  return is_at_or_below(path, "/proc") || is_at_or_below(path, "/sys") || is_at_or_below(path, "/dev");
}

void enter_scratch() {
  base::check(::unshare(CLONE_NEWNS), "make a mount namespace");
  base::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make the mounts private");
  base::check(::mount("tmpfs", k_scratch, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700"),
              "make a place for the container's files");
}

// Places to mount at can be made in it, though it is to be read only: what is made goes with the scratch.
RootfsSpec to_read(const RootfsSpec& rootfs) {
  RootfsSpec out{.upper = HostPath{k_scratch} / "upper", .work = HostPath{k_scratch} / "work"};
  if (sys::exists(rootfs.upper)) out.lower.push_back(rootfs.upper);  // otherwise it was never started
  out.lower.insert(out.lower.end(), rootfs.lower.begin(), rootfs.lower.end());
  return out;
}

void write_files(const ContainerSpec& spec) {
  std::size_t index = 0;
  for (const auto& mount : spec.mounts) {
    const auto* file = std::get_if<FileMount>(&mount);
    if (file == nullptr) continue;
    const HostPath path{file_mount_source(k_scratch, index++)};
    sys::make_directories(path.parent());
    base::write_file_atomically(path, file->content, file->mode);
    base::check(::chown(path.c_str(), file->uid, file->gid), "set the owner of '{}'", file->target.str());
  }
}

void fill_sources(const ContainerSpec& spec, int root) {
  for (const auto& mount : spec.mounts) {
    const auto* bind = std::get_if<BindMount>(&mount);
    if (bind == nullptr) continue;
    if (bind->create_source && !sys::exists(bind->source)) sys::make_directories(bind->source);
    if (bind->copy_up) copy_up(root, bind->target, bind->source, bind->inside);
  }
}

base::UniqueFd open_source_of(const MountStep& step) {
  if (!step.inside.empty()) return base::UniqueFd{open_inside(step.source, step.inside)};
  return sys::open_if_exists(HostPath{step.source}, O_PATH).value_or(base::UniqueFd{});
}

bool is_empty_directory(const base::UniqueFd& found) {
  return sys::list_at(sys::open_at(found.get(), ".", O_RDONLY | O_DIRECTORY).get()).empty();
}

// Of the mounts of the spec itself; those of every container are left out.
class OwnMounts {
 public:
  OwnMounts(const ContainerSpec& spec, StillAccess access) : access_(access) {
    for (const auto& mount : spec.mounts) {
      targets_.insert(std::visit([](const auto& m) { return base::clean_path(m.target.str()); }, mount));
      const auto* bind = std::get_if<BindMount>(&mount);
      if (bind != nullptr && bind->copy_up) to_fill_.insert(base::clean_path(bind->target.str()));
    }
  }

  // Makes it what is mounted here. False: it is passed over.
  [[nodiscard]] bool adapt(MountStep& step) const {
    if (!targets_.contains(step.target) || is_kernels(step.target)) return false;
    if (step.kind == MountKind::bind) return look_at_source(step);
    step.flags |= MS_RDONLY;
    return true;
  }

 private:
  [[nodiscard]] bool look_at_source(MountStep& step) const {
    const bool is_ours = is_at_or_below(step.source, k_files);
    if (is_kernels(step.source) && !is_ours) return false;
    const auto found = open_source_of(step);
    if (!found) {
      if (access_ == StillAccess::read) return false;
      base::fail("bind source path does not exist: '{}'", source_of(step));
    }
    step.target_is_file = !S_ISDIR(sys::stat_fd(found.get()).st_mode);
    // What a start would fill shows until then what the image has there.
    const bool to_fill =
        access_ == StillAccess::read && !step.target_is_file && to_fill_.contains(step.target);
    return !to_fill || !is_empty_directory(found);
  }

  StillAccess access_;
  std::set<std::string> targets_;
  std::set<std::string> to_fill_;
};

void mount_own(const ContainerSpec& spec, StillAccess access, int root) {
  PreparedMounts mounts{
      .plan = plan_mounts(spec, {.host_masks = {}, .run_directory = k_scratch}), .devices = {}, .v1 = {}};
  const OwnMounts own{spec, access};
  std::erase_if(mounts.plan.steps, [&](MountStep& step) { return !own.adapt(step); });
  mounts.plan.before_network = 0;
  mounts.plan.keep_propagation = false;
  std::uint16_t at = 0;
  if (const int error = apply_mounts(mounts, root, at); error != 0)
    throw base::SysError(error, describe_step(mounts, at));
}

void set_tree_attributes(int tree, unsigned recursive, std::uint64_t attributes) {
  mount_attr change{};
  change.attr_set = attributes;
  base::check(sys::mount_setattr(tree, "", AT_EMPTY_PATH | recursive, change),
              "make the copy of the container's mounts harmless");
}

base::UniqueFd copy_of_tree(int root, StillAccess access, bool read_only_root) {
  constexpr std::uint64_t k_quiet_tree = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  constexpr std::uint64_t k_read_only_tree = MOUNT_ATTR_RDONLY;
  base::UniqueFd tree{base::check(sys::open_tree(root, "",
                                                 static_cast<unsigned>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                                                       AT_EMPTY_PATH | AT_RECURSIVE)),
                                  "copy the container's mounts")};
  const bool reading = access == StillAccess::read;
  set_tree_attributes(tree.get(), AT_RECURSIVE, k_quiet_tree | (reading ? k_read_only_tree : 0));
  if (read_only_root) set_tree_attributes(tree.get(), 0, k_read_only_tree);
  return tree;
}

base::UniqueFd make_tree(const ContainerSpec& spec, StillAccess access) {
  enter_scratch();
  write_files(spec);
  const auto root = open_rootfs(access == StillAccess::write ? spec.rootfs : to_read(spec.rootfs));
  if (access == StillAccess::write) fill_sources(spec, root.get());
  sys::make_directory(HostPath{k_root});
  base::check(sys::move_mount(root.get(), "", AT_FDCWD, k_root, MOVE_MOUNT_F_EMPTY_PATH),
              "mount the container's files");
  mount_own(spec, access, root.get());
  return copy_of_tree(root.get(), access, spec.rootfs.read_only);
}

}  // namespace

base::UniqueFd open_still_rootfs(const ContainerSpec& spec, StillAccess access) {
  return base::made_aside([&] { return make_tree(spec, access); });
}

}  // namespace compose::rt
