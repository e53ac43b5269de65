#include "images/archive/pack.hpp"

#include <fcntl.h>
#include <map>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "images/archive/overlay_marks.hpp"
#include "images/archive/tar_writer.hpp"

namespace compose::images {
namespace {

namespace sys = base::sys;

constexpr std::size_t k_pack_buffer = 1U << 20U;

class Packer {
 public:
  // `live` nullptr: nobody changes the tree meanwhile.
  Packer(PackForm form, ByteSink& out, LiveTree* live = nullptr)
      : form_(form), live_(live), tar_(out), buffer_(k_pack_buffer, '\0') {}

  Packed run(int root) {
    refuse_destination(root);
    children(root, "");
    tar_.finish();
    return totals_;
  }

  void run(const PackStart& start) {
    entry(start.parent, start.name, start.as);
    tar_.finish();
  }

 private:
  void children(int directory, const std::string& prefix) {
    for (const auto& name : sys::list_at(directory)) {
      if (live_ == nullptr)
        entry(directory, name, prefix + name);
      else
        unsteady_entry(directory, name, prefix + name);
    }
  }

  // Every call that can find something gone comes before its header.
  void unsteady_entry(int directory, const std::string& name, const std::string& path) {
    try {
      entry(directory, name, path);
    } catch (const base::SysError& e) {
      if (e.code() != ENOENT && e.code() != ENOTDIR && e.code() != ELOOP && e.code() != ESTALE) throw;
      std::erase_if(first_names_, [&](const auto& known) { return known.second == path; });
    }
  }

  void entry(int directory, const std::string& name, const std::string& path) {
    const auto status = sys::stat_at(directory, name);
    TarHeader header{.path = path,
                     .mode = status.st_mode & 07777U,
                     .uid = status.st_uid,
                     .gid = status.st_gid,
                     .modified = status.st_mtim};
    switch (status.st_mode & static_cast<mode_t>(S_IFMT)) {
      case S_IFDIR:
        return this->directory(directory, name, header);
      case S_IFREG:
        return file(directory, name, header, status);
      case S_IFLNK:
        header.link = sys::read_link_at(directory, name);
        return other(header, TarType::symlink, status);
      case S_IFIFO:
        return other(header, TarType::fifo, status);
      case S_IFCHR:
        if (is_whiteout(status)) return whiteout(header, name);
        [[fallthrough]];
      case S_IFBLK:
        return node(header, status);
      default:
        return;  // a socket means nothing without its process
    }
  }

  void directory(int parent, const std::string& name, TarHeader& header) {
    const auto inside = sys::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    refuse_destination(inside.get());
    header.type = TarType::directory;
    header.attributes = portable_attributes(inside.get(), header.path);
    put(header);
    if (form_ == PackForm::layer && is_opaque(inside.get()))
      put({.path = header.path + "/" + std::string{k_opaque_name}, .mode = 0});
    const base::ScopeExit up{[&] { --depth_; }};
    if (++depth_ > k_max_depth) base::fail("directories are nested more than {} deep", k_max_depth);
    children(inside.get(), header.path + "/");
  }

  void refuse_destination(int directory) const {
    if (live_ == nullptr || !live_->destination) return;
    const auto status = sys::stat_fd(directory);
    if (std::pair{status.st_dev, status.st_ino} == *live_->destination)
      base::fail("a directory cannot be copied into itself");
  }

  void file(int directory, const std::string& name, TarHeader& header, const struct ::stat& status) {
    if (hard_link(header, status)) return;
    const auto fd = live_ == nullptr ? sys::open_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
                                     : open_file_only(directory, name);
    header.attributes = portable_attributes(fd.get(), header.path);
    header.size =
        static_cast<std::uint64_t>(live_ == nullptr ? status.st_size : sys::stat_fd(fd.get()).st_size);
    put(header);
    content(fd.get(), header);
    totals_.file_size += header.size;
  }

  // Whoever changes the tree could have put a device in the place of the file, and a device of the host is
  // opened with our rights: what is opened is what was looked at.
  static base::UniqueFd open_file_only(int directory, const std::string& name) {
    const auto found = sys::open_at(directory, name, O_PATH | O_NOFOLLOW);
    if (!S_ISREG(sys::stat_fd(found.get()).st_mode)) throw base::SysError(ENOENT, "find the file again");
    return sys::open(base::HostPath{base::text("/proc/self/fd/{}", found.get())}, O_RDONLY);
  }

  void content(int fd, const TarHeader& header) {
    for (std::uint64_t left = header.size; left > 0;) {
      const auto n = sys::read_some(fd, {buffer_.data(), std::min<std::uint64_t>(left, buffer_.size())});
      if (n == 0) return fill_up(header, left);
      tar_.data({buffer_.data(), n});
      left -= n;
    }
  }

  void fill_up(const TarHeader& header, std::uint64_t left) {
    if (live_ == nullptr) base::fail("read '{}': it shrank while it was read", header.path);
    live_->unsteady.push_back(header.path);
    buffer_.assign(k_pack_buffer, '\0');
    for (; left > 0; left -= std::min<std::uint64_t>(left, buffer_.size()))
      tar_.data({buffer_.data(), std::min<std::uint64_t>(left, buffer_.size())});
  }

  // The second and later names of one inode are links to the first.
  bool hard_link(TarHeader& header, const struct ::stat& status) {
    if (status.st_nlink < 2) return false;
    const auto [first, is_new] = first_names_.try_emplace({status.st_dev, status.st_ino}, header.path);
    if (is_new) return false;
    header.type = TarType::hard_link;
    header.link = first->second;
    put(header);
    return true;
  }

  void other(TarHeader& header, TarType type, const struct ::stat& status) {
    if (type != TarType::symlink && hard_link(header, status)) return;
    header.type = type;
    put(header);
  }

  void node(TarHeader& header, const struct ::stat& status) {
    header.device_major = ::gnu_dev_major(status.st_rdev);
    header.device_minor = ::gnu_dev_minor(status.st_rdev);
    other(header, S_ISBLK(status.st_mode) ? TarType::block : TarType::character, status);
  }

  void whiteout(TarHeader& header, const std::string& name) {
    if (form_ == PackForm::plain) return;
    header.path.resize(header.path.size() - name.size());
    put({.path = header.path + std::string{k_whiteout_prefix} + name, .mode = 0});  // its time means nothing
  }

  void put(const TarHeader& header) {
    ++totals_.entries;
    tar_.header(header);
  }

  PackForm form_;
  LiveTree* live_;
  TarWriter tar_;
  std::string buffer_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
  Packed totals_;
  std::size_t depth_ = 0;
};

}  // namespace

Packed pack_directory(int directory, PackForm form, ByteSink* into) {
  DigestSink digest{into};
  Packed packed = Packer{form, digest}.run(directory);
  packed.tar_size = digest.size();
  packed.digest = digest.digest();
  return packed;
}

Packed pack_live_directory(int directory, PackForm form, ByteSink& into, LiveTree& tree) {
  DigestSink digest{&into};
  Packed packed = Packer{form, digest, &tree}.run(directory);
  packed.tar_size = digest.size();
  packed.digest = digest.digest();
  return packed;
}

void pack_live_entry(const PackStart& start, ByteSink& into, LiveTree& tree) {
  Packer{PackForm::plain, into, &tree}.run(start);
}

Packed pack_directory(const base::HostPath& directory, PackForm form, ByteSink* into) {
  const auto fd = sys::open(directory, O_RDONLY | O_DIRECTORY);
  return base::with_context(base::text("archive '{}'", directory.str()),
                            [&] { return pack_directory(fd.get(), form, into); });
}

}  // namespace compose::images
