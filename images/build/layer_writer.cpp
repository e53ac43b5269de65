#include "images/build/layer_writer.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"
#include "images/archive/overlay_marks.hpp"

namespace compose::images {
namespace {

namespace sys = base::sys;

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

void copy_by_reading(int from, int to, off_t end) {
  std::array<char, 65536> buffer;
  for (off_t at = ::lseek(from, 0, SEEK_CUR); at < end;) {
    const auto n =
        sys::read_some(from, {buffer.data(), std::min(buffer.size(), static_cast<std::size_t>(end - at))});
    if (n == 0) return;
    sys::write_all(to, {buffer.data(), n});
    at += static_cast<off_t>(n);
  }
}

// Both descriptors are at the beginning of the bytes. In the kernel, sharing extents where the file system
// can.
void copy_range(int from, int to, off_t begin, off_t end, const std::string& path) {
  for (off_t at = begin; at < end;) {
    const auto n = ::copy_file_range(from, nullptr, to, nullptr, static_cast<std::size_t>(end - at), 0);
    if (n == 0) return;
    if (n > 0) {
      at += n;
      continue;
    }
    const bool unsupported = errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS;
    if (at != begin || !unsupported) throw base::SysError(errno, base::text("copy '{}'", path));
    return base::with_context(base::text("copy '{}'", path), [&] { copy_by_reading(from, to, end); });
  }
}

// Holes stay holes.
void copy_bytes(int from, int to, const std::string& path) {
  const off_t size = sys::stat_fd(from).st_size;
  for (off_t at = 0; at < size;) {
    off_t begin = ::lseek(from, at, SEEK_DATA);
    if (begin == -1 && errno == ENXIO) break;  // a hole up to the end
    if (begin == -1) begin = at;               // a file system that does not tell
    const off_t hole = ::lseek(from, begin, SEEK_HOLE);
    const off_t end = hole == -1 ? size : hole;
    base::check(::lseek(from, begin, SEEK_SET), "seek in '{}'", path);
    base::check(::lseek(to, begin, SEEK_SET), "seek in the copy of '{}'", path);
    copy_range(from, to, begin, end, path);
    at = end;
  }
  base::check(::ftruncate(to, size), "set the size of the copy of '{}'", path);
}

}  // namespace

LayerWriter::LayerWriter(const base::HostPath& layer, const RootView& below)
    : layer_(sys::open(layer, O_PATH | O_DIRECTORY)), below_(below) {}

base::UniqueFd LayerWriter::open_directory(const std::string& placed) const {
  const open_how how{
      .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
  return base::UniqueFd{base::check(sys::openat2(layer_.get(), placed.empty() ? "." : placed.c_str(), how),
                                    "enter '/{}'", placed)};
}

LayerWriter::Leaf LayerWriter::leaf_of(const std::string& placed) {
  auto [parent, name] = split_path(placed);
  if (parent != parent_path_) {
    parent_ = open_directory(parent);
    parent_path_ = std::move(parent);
  }
  return {parent_.get(), std::move(name)};
}

bool LayerWriter::is_directory(const std::string& placed) const {
  if (placed.empty() || made_.contains(placed)) return true;
  const auto status = below_.stat(placed);
  return status && S_ISDIR(status->st_mode);
}

void LayerWriter::new_directory(const std::string& placed, const NewDirectory& made) {
  const auto leaf = leaf_of(placed);
  sys::make_directory_at(leaf.directory, leaf.name, 0700);
  sys::set_owner_at(leaf.directory, leaf.name, made.owner.uid, made.owner.gid);
  sys::set_mode_at(leaf.directory, leaf.name, made.mode & 07777U);
  made_.insert(placed);
  times_.emplace_back(placed, made.modified);
}

void LayerWriter::make_like_below(const std::string& placed, const struct ::stat& status) {
  new_directory(
      placed, {.mode = status.st_mode, .owner = {status.st_uid, status.st_gid}, .modified = status.st_mtim});
  const auto original = below_.open(placed, O_RDONLY | O_DIRECTORY);
  const auto attributes = portable_attributes(original.get(), placed);
  if (attributes.empty()) return;
  const auto leaf = leaf_of(placed);
  const auto copy = sys::open_at(leaf.directory, leaf.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  for (const auto& [name, value] : attributes) sys::set_extended_attribute(copy.get(), name, value);
}

bool LayerWriter::make_directories(const std::string& placed, const NewDirectory& made) {
  if (placed.empty() || made_.contains(placed)) return false;
  const bool parents = make_directories(split_path(placed).first, made);
  if (const auto status = below_.stat(placed)) {
    if (!S_ISDIR(status->st_mode)) base::fail("'/{}' is not a directory", placed);
    make_like_below(placed, *status);
    return parents;
  }
  new_directory(placed, made);
  return true;
}

void LayerWriter::refuse_directory_below(const std::string& placed) const {
  if (is_directory(placed)) base::fail("'/{}' is a directory and cannot be replaced by a file", placed);
}

void LayerWriter::copy_directory(const SourceTree& from, const SourceEntry& entry, const std::string& placed,
                                 mode_t mode, Owner owner) {
  if (placed.empty()) return;
  const auto leaf = leaf_of(placed);
  if (made_.contains(placed)) {
    sys::set_owner_at(leaf.directory, leaf.name, owner.uid, owner.gid);
    sys::set_mode_at(leaf.directory, leaf.name, mode);
    times_.emplace_back(placed, entry.status.st_mtim);
  } else {
    sys::remove_tree_at(leaf.directory, leaf.name);  // a file that an earlier source has put there
    new_directory(placed, {.mode = mode, .owner = owner, .modified = entry.status.st_mtim});
  }
  const auto original = from.root().open(entry.path, O_RDONLY | O_DIRECTORY);
  set_attributes(leaf_of(placed), portable_attributes(original.get(), entry.path));
}

void LayerWriter::copy_entry(const SourceTree& from, const SourceEntry& entry, const std::string& placed,
                             const CopyOptions& options) {
  const auto& status = entry.status;
  const Owner owner = options.owner.value_or(Owner{status.st_uid, status.st_gid});
  const mode_t own_mode = status.st_mode & 07777U;
  const mode_t mode = options.mode ? options.mode->apply(own_mode, S_ISDIR(status.st_mode)) : own_mode;
  if (S_ISDIR(status.st_mode)) return copy_directory(from, entry, placed, mode, owner);
  if (!options.replace || made_.contains(placed)) refuse_directory_below(placed);
  const auto leaf = leaf_of(placed);
  sys::remove_tree_at(leaf.directory, leaf.name);
  if (link_to_copy(status, leaf)) return;
  sys::ExtendedAttributes attributes;
  if (S_ISREG(status.st_mode)) {
    attributes = copy_file(from, entry, leaf);
  } else if (S_ISLNK(status.st_mode)) {
    sys::make_symlink_at(entry.link, leaf.directory, leaf.name);
  } else {
    if (is_whiteout(status))
      base::fail("'{}' is a character device 0:0, which an image cannot hold", entry.path);
    sys::make_node_at(leaf.directory, leaf.name, status.st_mode, status.st_rdev);
  }
  if (owner != Owner{}) sys::set_owner_at(leaf.directory, leaf.name, owner.uid, owner.gid);
  if (!S_ISLNK(status.st_mode)) sys::set_mode_at(leaf.directory, leaf.name, mode);
  set_attributes(leaf, attributes);
  sys::set_times_at(leaf.directory, leaf.name, status.st_mtim, status.st_mtim);
  if (status.st_nlink > 1)
    copies_[{status.st_dev, status.st_ino}] = {.placed = placed,
                                               .inode = sys::stat_at(leaf.directory, leaf.name).st_ino};
}

// The second and later names of one inode are links to the copy that its first name got, as long as that is
// where it was put: a source after it may have replaced it.
bool LayerWriter::link_to_copy(const struct ::stat& status, const Leaf& leaf) {
  if (status.st_nlink < 2) return false;
  const auto first = copies_.find({status.st_dev, status.st_ino});
  if (first == copies_.end()) return false;
  const auto [parent, name] = split_path(first->second.placed);
  const auto directory = open_directory(parent);
  const auto there = sys::stat_at_if_exists(directory.get(), name);
  if (!there || there->st_ino != first->second.inode) return false;
  sys::make_hard_link_at(directory.get(), name, leaf.directory, leaf.name);
  return true;
}

// After the owner, whose change takes capabilities away.
void LayerWriter::set_attributes(const Leaf& leaf, const sys::ExtendedAttributes& attributes) {
  if (attributes.empty()) return;
  const auto fd = sys::open_at(leaf.directory, leaf.name, O_RDONLY | O_NOFOLLOW);
  for (const auto& [name, value] : attributes) sys::set_extended_attribute(fd.get(), name, value);
}

sys::ExtendedAttributes LayerWriter::copy_file(const SourceTree& from, const SourceEntry& entry,
                                               const Leaf& leaf) {
  if (entry.path.find(".wh.") != std::string::npos &&
      split_path(entry.path).second.starts_with(k_whiteout_prefix))
    base::fail("'{}' begins with '.wh.', which an image cannot hold", entry.path);
  const auto in = from.root().open(entry.path, O_RDONLY | O_NONBLOCK);
  const auto out = sys::open_at(leaf.directory, leaf.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  copy_bytes(in.get(), out.get(), entry.path);
  const auto after = sys::stat_fd(in.get());
  if (after.st_size != entry.status.st_size || after.st_mtim.tv_sec != entry.status.st_mtim.tv_sec ||
      after.st_mtim.tv_nsec != entry.status.st_mtim.tv_nsec)
    base::fail("'{}' changed while it was copied", entry.path);
  return portable_attributes(in.get(), entry.path);
}

void LayerWriter::write_file(const std::string& placed, std::string_view content, std::uint32_t mode,
                             Owner owner, const timespec& modified) {
  refuse_directory_below(placed);
  const auto leaf = leaf_of(placed);
  sys::remove_tree_at(leaf.directory, leaf.name);
  const auto out = sys::open_at(leaf.directory, leaf.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  sys::write_all(out.get(), content);
  sys::set_owner_at(leaf.directory, leaf.name, owner.uid, owner.gid);
  sys::set_mode_at(leaf.directory, leaf.name, mode);
  sys::set_times_at(leaf.directory, leaf.name, modified, modified);
}

void LayerWriter::finish() {
  for (const auto& [placed, modified] : times_) {
    const auto leaf = leaf_of(placed);
    sys::set_times_at(leaf.directory, leaf.name, modified, modified);
  }
}

}  // namespace compose::images
