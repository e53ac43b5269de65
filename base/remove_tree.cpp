// Removal of trees made by strangers: as deep as they like, in a bounded number of descriptors and of stack
// frames. A directory that lies too deep is moved up to the root of the tree and has its turn there.
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"

namespace compose::base::sys {
namespace {

constexpr int k_deepest = 32;

enum class Removed : std::uint8_t { yes, was_absent, is_directory };

Removed remove_leaf(int directory, const char* name) {
  if (::unlinkat(directory, name, 0) == 0) return Removed::yes;
  if (errno == ENOENT) return Removed::was_absent;
  if (errno != EISDIR && errno != EPERM) throw SysError(errno, text("remove '{}'", name));
  return Removed::is_directory;
}

// Neither a link nor what somebody has mounted there.
UniqueFd enter(int directory, const std::string& name) {
  const open_how how{.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                     .mode = 0,
                     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
  return UniqueFd{check(openat2(directory, name.c_str(), how), "enter '{}' to remove it", name)};
}

class TreeRemoval {
 public:
  explicit TreeRemoval(int top) : top_(top) {}

  void run() {
    do {
      moved_up_ = false;
      empty(UniqueFd{check(::fcntl(top_, F_DUPFD_CLOEXEC, 3), "duplicate a directory")}, 0);
    } while (moved_up_);
  }

 private:
  void empty(UniqueFd opened, int depth) {
    const int directory = opened.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(directory), ::closedir};
    if (!stream) throw SysError(errno, "read directory");
    (void)opened.release();
    ::rewinddir(stream.get());
    for (;;) {
      errno = 0;  // readdir says "the end" and "it failed" alike
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") remove(directory, std::string{name}, depth);
    }
    if (errno != 0) throw SysError(errno, "read directory");
  }

  void remove(int directory, const std::string& name, int depth) {
    if (remove_leaf(directory, name.c_str()) != Removed::is_directory) return;
    if (depth == k_deepest) return move_up(directory, name);
    empty(enter(directory, name), depth + 1);
    if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == -1 && errno != ENOENT)
      throw SysError(errno, text("remove directory '{}'", name));
  }

  void move_up(int directory, const std::string& name) {
    for (;; ++last_) {
      const auto target = text(".deep-{}", last_);
      if (::renameat2(directory, name.c_str(), top_, target.c_str(), RENAME_NOREPLACE) == 0) break;
      if (errno != EEXIST) throw SysError(errno, text("move '{}' to remove it", name));
    }
    moved_up_ = true;
  }

  int top_;
  bool moved_up_ = false;
  std::uint64_t last_ = 0;
};

}  // namespace

bool remove_tree_at(int directory, const std::string& name) {
  const auto leaf = remove_leaf(directory, name.c_str());
  if (leaf != Removed::is_directory) return leaf == Removed::yes;
  {
    const auto inside = enter(directory, name);
    TreeRemoval{inside.get()}.run();
  }
  check(::unlinkat(directory, name.c_str(), AT_REMOVEDIR), "remove directory '{}'", name);
  return true;
}

void remove_tree(const HostPath& path) {
  if (path.name().empty()) fail("remove '{}': a name is missing at its end", path.str());
  const auto parent = open_if_exists(path.parent(), O_PATH | O_DIRECTORY);
  if (!parent) return;
  with_context(text("remove '{}'", path.str()), [&] { (void)remove_tree_at(parent->get(), path.name()); });
}

}  // namespace compose::base::sys
