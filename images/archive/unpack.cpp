#include "images/archive/unpack.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"
#include "images/archive/directory_times.hpp"
#include "images/archive/overlay_marks.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/tar_reader.hpp"
#include "images/room.hpp"

namespace compose::images {
namespace {

namespace sys = base::sys;
using base::fail;
using base::UniqueFd;

constexpr std::size_t k_max_component = 255;

// "./a//b/" -> {"a", "b"}; absolute names lose their slash, as tar does it.
std::vector<std::string> components_of(const std::string& path) {
  std::vector<std::string> components;
  for (std::size_t at = 0; at <= path.size();) {
    const auto slash = std::min(path.find('/', at), path.size());
    auto component = path.substr(at, slash - at);
    at = slash + 1;
    if (component.empty() || component == ".") continue;
    if (component == "..") fail("the name goes upwards");
    if (component.size() > k_max_component)
      fail("a component of the name is longer than {} bytes", k_max_component);
    components.push_back(std::move(component));
  }
  return components;
}

std::string joined(const std::vector<std::string>& components, std::size_t count) {
  return base::join({components.data(), count}, "/");
}

// What an entry costs beside its content, roughly: an inode, and for a directory a block.
constexpr std::uint64_t k_entry_cost = 512;
constexpr std::uint64_t k_directory_cost = 4096;
constexpr std::uint64_t k_files_reserve = 10'000;

constexpr std::uint64_t k_look_again = 2U << 20U;  // bytes written until room is looked for again

constexpr std::size_t k_page = 4096;

bool is_zeros(std::string_view page) {
  return page.front() == '\0' && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

// What is made belongs to root and its group, whichever group the command has.
class MadeByRoot {
 public:
  MadeByRoot() noexcept : user_(::setfsuid(0)), group_(::setfsgid(0)) {}
  ~MadeByRoot() {
    ::setfsgid(static_cast<gid_t>(group_));
    ::setfsuid(static_cast<uid_t>(user_));
  }
  MadeByRoot(const MadeByRoot&) = delete;
  MadeByRoot& operator=(const MadeByRoot&) = delete;

 private:
  int user_;
  int group_;
};

class Unpacker {
 public:
  Unpacker(int root, const UnpackOptions& options)
      : root_(root), options_(options), room_(room_in(root)), times_(root) {
    max_bytes_ = options.max_bytes != 0 ? options.max_bytes : room_.bytes;
    const auto files = room_.files - std::min(room_.files, k_files_reserve);
    max_entries_ = std::min(options.max_entries, files);
    if (merges()) max_bytes_ = max_entries_ = UINT64_MAX;
  }

  Unpacked run(ByteSource& source) {
    const MadeByRoot made_by_root;
    const auto mask = ::umask(0);
    const base::ScopeExit restore{[&] { ::umask(mask); }};
    TarReader tar{source};
    while (auto header = tar.next()) {
      if (++totals_.entries > max_entries_) too_many();
      base::with_context(base::text("entry '{}'", header->path), [&] {
        const auto cost = header->type == TarType::directory ? k_directory_cost : k_entry_cost;
        overhead_ += cost;
        take_room(header->type == TarType::file ? header->size : 0);
        look_again(cost);
        if (merges()) take_rights_away(*header);
        entry(tar, *header);
      });
    }
    while (!source.read().empty()) {  // what follows the end mark belongs to the digest
    }
    directory_times();
    return totals_;
  }

 private:
  struct Place {
    int directory;     // parent, open
    std::string path;  // of the parent, in the archive's words
    std::string name;
  };

  void entry(TarReader& tar, const TarHeader& header) {
    const auto components = components_of(header.path);
    if (components.empty()) {
      if (header.type != TarType::directory) fail("only a directory can be the root");
      return merges() ? void() : root_directory(header);
    }
    if (is_left_out(header, components)) return;
    const Place place{.directory = parent_of(components),
                      .path = joined(components, components.size() - 1),
                      .name = components.back()};
    if (!merges() && std::string_view{place.name}.starts_with(k_whiteout_prefix)) return whiteout(place);
    if (header.type == TarType::directory) return directory(header, place);
    if (header.type == TarType::file) return file(tar, header, place);
    make_room(place, header.type);
    make(header, place);
    if (header.type != TarType::hard_link) metadata(header, place);
  }

  // ---- merging ----

  [[nodiscard]] bool merges() const noexcept { return options_.form == UnpackForm::merge; }

  void take_rights_away(TarHeader& header) const {
    if (header.type == TarType::directory) return;
    // The mode of a file is set by descriptor. That of a node is set by name, which somebody may have made a
    // link.
    if (!options_.owner && header.type == TarType::file) return;
    header.mode &= ~static_cast<unsigned>(S_ISUID | S_ISGID);
    header.attributes.erase("security.capability");
  }

  bool is_left_out(const TarHeader& header, const std::vector<std::string>& components) {
    if (!merges()) return false;
    const bool is_device = header.type == TarType::character || header.type == TarType::block;
    const bool is_closed = components.size() > 1 && options_.closed.contains(components.front());
    if (is_closed || (is_device && options_.owner)) {
      ++totals_.left_out;
      return true;
    }
    // The directory itself is nobody's to change either.
    return components.size() == 1 && options_.closed.contains(components.front());
  }

  static mode_t format_of(TarType type) noexcept {
    if (type == TarType::fifo) return S_IFIFO;
    if (type == TarType::character) return S_IFCHR;
    return type == TarType::block ? S_IFBLK : S_IFREG;
  }

  // A directory stays what it is, so does a device, and what has something mounted on it would lose that in
  // the namespaces of others.
  static void check_replacement(const Place& place, const struct ::stat& there, TarType by) {
    if (by == TarType::directory) fail("a directory does not take the place of something else");
    if (S_ISDIR(there.st_mode)) fail("it does not take the place of a directory");
    const bool is_special = !S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode);
    if (is_special && (there.st_mode & static_cast<mode_t>(S_IFMT)) != format_of(by))
      fail("it does not take the place of a device, a pipe or a socket");
    struct ::statx more {};
    base::check(::statx(place.directory, place.name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &more),
                "look at '{}'", place.name);
    if ((more.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) fail("something is mounted on it");
  }

  // ---- parents ----

  UniqueFd open_in_root(const std::string& path, unsigned flags) const {
    const open_how how{
        .flags = flags | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return UniqueFd{
        base::retry_eintr([&] { return sys::openat2(root_, path.empty() ? "." : path.c_str(), how); })};
  }

  // Neighbours share a parent: it stays open until another one is needed or something was replaced.
  int parent_of(const std::vector<std::string>& components) {
    auto path = joined(components, components.size() - 1);
    if (parent_ && path == parent_path_) return parent_.get();
    parent_ = open_in_root(path, O_PATH | O_DIRECTORY);
    if (!parent_) {
      if (errno != ENOENT) throw base::SysError(errno, base::text("enter '{}'", path));
      parent_ = make_parents(components);
    }
    check_depth(parent_.get());
    // One with S_ISGID does, on some file systems any.
    gives_group_ = sys::stat_fd(parent_.get()).st_gid != 0;
    parent_path_ = std::move(path);
    return parent_.get();
  }

  // Names are short, but links on the way may lead to any depth, and what cannot be read in one piece is a
  // burden for everybody after us.
  void check_depth(int directory) {
    std::array<char, 2 * k_max_entry_name> path{};
    const auto self = base::text("/proc/self/fd/{}", directory);
    const auto size = ::readlink(self.c_str(), path.data(), path.size());
    if (size == -1 && errno != ENAMETOOLONG) throw base::SysError(errno, "ask where a directory is");
    const std::string_view where{path.data(), size == -1 ? 0 : static_cast<std::size_t>(size)};
    if (root_depth_ == 0) root_depth_ = depth_of_root();
    const auto depth = static_cast<std::size_t>(std::ranges::count(where, '/'));
    if (size == -1 || static_cast<std::size_t>(size) == path.size() || depth >= root_depth_ + k_max_depth)
      fail("directories are nested more than {} deep", k_max_depth);
  }

  [[nodiscard]] std::size_t depth_of_root() const {
    const auto path = base::sys::read_link_at(AT_FDCWD, base::text("/proc/self/fd/{}", root_));
    return static_cast<std::size_t>(std::ranges::count(path, '/'));
  }

  // Directories the archive does not mention.
  UniqueFd make_parents(const std::vector<std::string>& components) {
    UniqueFd at = open_in_root("", O_PATH | O_DIRECTORY);
    for (std::size_t i = 0; i + 1 < components.size(); ++i) {
      auto next = open_in_root(joined(components, i + 1), O_PATH | O_DIRECTORY);
      if (!next) {
        if (errno != ENOENT) throw base::SysError(errno, base::text("enter '{}'", joined(components, i + 1)));
        sys::make_directory_at(at.get(), components[i], 0755);
        sys::set_owner_at(at.get(), components[i], 0, 0);
        next = sys::open_at(at.get(), components[i], O_PATH | O_DIRECTORY | O_NOFOLLOW);
      }
      at = std::move(next);
    }
    return at;
  }

  // ---- what is there already ----

  // Removes what the entry replaces. True: a directory that stays. A name whited out earlier in this layer
  // hides what is below, so a directory in its place must hide it too.
  bool make_room(const Place& place, TarType type) {
    const auto there = sys::stat_at_if_exists(place.directory, place.name);
    if (!there) return false;
    if (type == TarType::directory && S_ISDIR(there->st_mode)) return true;
    if (merges()) check_replacement(place, *there, type);
    was_whiteout_ = is_whiteout(*there);
    if (!S_ISDIR(there->st_mode)) {
      base::check(::unlinkat(place.directory, place.name.c_str(), 0), "replace '{}'", place.name);
      return false;
    }
    sys::remove_tree_at(place.directory, place.name);
    return false;
  }

  // ---- making ----

  void make(const TarHeader& header, const Place& place) {
    switch (header.type) {
      case TarType::symlink:
        return sys::make_symlink_at(header.link, place.directory, place.name);
      case TarType::hard_link:
        return hard_link(header, place);
      case TarType::fifo:
        return sys::make_node_at(place.directory, place.name, S_IFIFO | header.mode, 0);
      case TarType::character:
      case TarType::block:
        return device(header, place);
      case TarType::file:
      case TarType::directory:
        return;  // file(), directory()
    }
  }

  void file(TarReader& tar, const TarHeader& header, const Place& place) {
    const auto fd = new_file(header, place);
    std::uint64_t end = 0;
    while (const auto block = tar.data()) {
      if (block->offset > header.size || block->bytes.size() > header.size - block->offset)
        fail("it has more content than the {} bytes it should have", header.size);
      content(fd.get(), *block, end, place.name);
      look_again(block->bytes.size());
    }
    if (end < header.size)
      base::check(::ftruncate(fd.get(), static_cast<off_t>(header.size)), "set the size of '{}'", place.name);
    file_metadata(fd.get(), header);
  }

  // Hardly ever is something there that it replaces: that is looked for when it is in the way.
  UniqueFd new_file(const TarHeader& header, const Place& place) {
    constexpr int k_flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    try {
      return sys::open_at(place.directory, place.name, k_flags, header.mode);
    } catch (const base::SysError& e) {
      if (e.code() != EEXIST) throw;
    }
    make_room(place, TarType::file);
    return sys::open_at(place.directory, place.name, k_flags, header.mode);
  }

  // Pages of zeros are not written, but left as holes. `end`: up to where the file is written.
  static void content(int fd, const DataBlock& block, std::uint64_t& end, const std::string& name) {
    for (std::size_t at = 0; at < block.bytes.size();) {
      const auto offset = block.offset + at;
      const auto bytes = block.bytes.substr(at, k_page - offset % k_page);
      at += bytes.size();
      if (bytes.size() == k_page && is_zeros(bytes)) continue;
      // As much as possible at once: up to the next page of zeros.
      const auto from = at - bytes.size();
      while (at < block.bytes.size()) {
        const auto next = block.bytes.substr(at, k_page);
        if (next.size() == k_page && is_zeros(next)) break;
        at += next.size();
      }
      if (offset != end) base::check(::lseek(fd, static_cast<off_t>(offset), SEEK_SET), "seek in '{}'", name);
      sys::write_all(fd, block.bytes.substr(from, at - from));
      end = block.offset + at;
    }
  }

  // Holes count as what they seem to be: whoever packs the tree has to write them.
  void take_room(std::uint64_t bytes) {
    const auto taken = totals_.file_size + overhead_;
    if (taken > max_bytes_ || bytes > max_bytes_ - taken) too_large();
    totals_.file_size += bytes;
  }

  // Others write meanwhile who have counted on the same room: the layers beside this one.
  void look_again(std::uint64_t written) {
    unlooked_ += written;
    if (unlooked_ < k_look_again || options_.max_bytes != 0 || merges()) return;
    unlooked_ = 0;
    if (const auto room = room_in(root_); room.bytes == 0) room.refuse("to unpack the archive");
  }

  [[noreturn]] void too_many() const {
    if (max_entries_ < options_.max_entries)
      fail("not enough space in '{}' to unpack the archive: it has more than the {} entries that can be made",
           room_.place, max_entries_);
    fail("more than {} entries", max_entries_);
  }

  [[noreturn]] void too_large() const {
    if (options_.max_bytes == 0) room_.refuse("to unpack the archive");
    fail("the archive unpacks to more than the {} bytes allowed", max_bytes_);
  }

  void device(const TarHeader& header, const Place& place) {
    const mode_t kind = header.type == TarType::block ? S_IFBLK : S_IFCHR;
    if (kind == S_IFCHR && header.device_major == 0 && header.device_minor == 0)
      fail("a character device 0:0 means a removed file in an overlay, which an image says with '.wh.'");
    sys::make_node_at(place.directory, place.name, kind | header.mode,
                      ::gnu_dev_makedev(header.device_major, header.device_minor));
  }

  void hard_link(const TarHeader& header, const Place& place) {
    const auto target = components_of(header.link);
    if (target.empty()) fail("the hard link has no target");
    const auto parent = open_in_root(joined(target, target.size() - 1), O_PATH | O_DIRECTORY);
    const auto status = parent ? sys::stat_at_if_exists(parent.get(), target.back()) : std::nullopt;
    if (!status || is_whiteout(*status))
      fail("the target '{}' of the hard link is not in the archive before it", header.link);
    if (S_ISDIR(status->st_mode)) fail("the target '{}' of the hard link is a directory", header.link);
    sys::make_hard_link_at(parent.get(), target.back(), place.directory, place.name);
  }

  // ---- directories ----

  void directory(const TarHeader& header, const Place& place) {
    was_whiteout_ = false;
    const bool exists = make_room(place, TarType::directory);
    if (!exists) sys::make_directory_at(place.directory, place.name, header.mode);
    const auto fd = sys::open_at(place.directory, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (was_whiteout_) make_opaque(fd.get());
    directory_metadata(fd.get(), header, place.path.empty() ? place.name : place.path + "/" + place.name);
  }

  void root_directory(const TarHeader& header) {
    const auto fd = open_in_root("", O_RDONLY | O_DIRECTORY);
    directory_metadata(fd.get(), header, "");
    parent_ = {};  // it may be the root, which now has another group
  }

  void directory_metadata(int fd, const TarHeader& header, const std::string& path) {
    const auto [uid, gid] = owner_of(header);
    base::check(::fchown(fd, uid, gid), "set the owner");
    base::check(::fchmod(fd, header.mode), "set the mode");
    for (const auto& [name, value] : header.attributes) attribute(fd, name, value);
    const auto status = sys::stat_fd(fd);
    times_.add({.path = path, .device = status.st_dev, .inode = status.st_ino, .modified = header.modified});
  }

  // Making entries changes the times of directories, so they come last; one that was replaced since is left
  // alone.
  void directory_times() {
    times_.each([&](const DirectoryTime& time) {
      const auto fd = open_in_root(time.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (!fd) return;
      const auto status = sys::stat_fd(fd.get());
      if (status.st_ino != time.inode || status.st_dev != time.device) return;
      const timespec times[2] = {time.modified, time.modified};
      base::check(::futimens(fd.get(), times), "set the times of '{}'", time.path);
    });
  }

  // ---- owners, modes, times, attributes ----

  [[nodiscard]] std::pair<uid_t, gid_t> owner_of(const TarHeader& header) const {
    return options_.owner.value_or(std::pair<uid_t, gid_t>{header.uid, header.gid});
  }

  // The owner first: a new one takes capabilities and the bits that change users away.
  void file_metadata(int fd, const TarHeader& header) const {
    const auto [uid, gid] = owner_of(header);
    if (uid != 0 || gid != 0 || gives_group_) {
      base::check(::fchown(fd, uid, gid), "set the owner");
      if ((header.mode & (S_ISUID | S_ISGID)) != 0) base::check(::fchmod(fd, header.mode), "set the mode");
    }
    for (const auto& [name, value] : header.attributes) attribute(fd, name, value);
    const timespec times[2] = {header.modified, header.modified};
    base::check(::futimens(fd, times), "set the times");
  }

  void metadata(const TarHeader& header, const Place& place) const {
    const auto [uid, gid] = owner_of(header);
    if (uid != 0 || gid != 0 || gives_group_) {
      sys::set_owner_at(place.directory, place.name, uid, gid);
      const bool lost = (header.mode & (S_ISUID | S_ISGID)) != 0 && header.type != TarType::symlink;
      if (lost) sys::set_mode_at(place.directory, place.name, header.mode);  // chown takes these bits away
    }
    sys::set_times_at(place.directory, place.name, header.modified, header.modified);
  }

  static void attribute(int fd, const std::string& name, const std::string& value) {
    if (!is_portable_attribute(name)) return;  // trusted.overlay.*, labels of another host's policy
    if (name.starts_with("user.")) return user_attribute(fd, name, value);
    sys::set_extended_attribute(fd, name, value);
  }

  // Not every file system keeps user attributes; a container must not depend on them.
  static void user_attribute(int fd, const std::string& name, const std::string& value) {
    try {
      sys::set_extended_attribute(fd, name, value);
    } catch (const base::SysError& e) {
      if (e.code() != ENOTSUP && e.code() != ENOSPC && e.code() != E2BIG && e.code() != ERANGE) throw;
    }
  }

  // ---- whiteouts ----

  void whiteout(const Place& place) {
    if (options_.form == UnpackForm::plain) fail("a name that begins with '.wh.' cannot be in an image");
    if (place.name == k_opaque_name) return make_opaque(reopen(place.directory).get());
    if (place.name.starts_with(".wh..wh.")) return;  // bookkeeping of aufs
    const auto hidden = place.name.substr(k_whiteout_prefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..") fail("a whiteout of '{}'", hidden);
    const auto there = sys::stat_at_if_exists(place.directory, hidden);
    if (!there) return make_whiteout_at(place.directory, hidden);
    // The whiteout is about the layers below only; a directory of this layer has to hide theirs.
    if (S_ISDIR(there->st_mode))
      make_opaque(sys::open_at(place.directory, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).get());
  }

  static UniqueFd reopen(int directory) { return sys::open_at(directory, ".", O_RDONLY | O_DIRECTORY); }

  int root_;
  const UnpackOptions& options_;
  Room room_;
  std::uint64_t max_bytes_ = 0;
  std::uint64_t max_entries_ = 0;
  std::uint64_t overhead_ = 0;  // bytes that entries cost beside their content
  std::uint64_t unlooked_ = 0;  // bytes written since room was looked for
  Unpacked totals_;
  std::size_t root_depth_ = 0;  // 0: not known yet
  UniqueFd parent_;
  std::string parent_path_;
  bool gives_group_ = false;  // what is made in the parent gets its group
  bool was_whiteout_ = false;
  DirectoryTimes times_;
};

}  // namespace

Unpacked unpack_tar(ByteSource& tar, int directory, const UnpackOptions& options) {
  return Unpacker{directory, options}.run(tar);
}

}  // namespace compose::images
