#include "base/file.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"

namespace compose::base {

std::string read_file(const HostPath& path, std::size_t limit) {
  const auto fd = sys::open(path, O_RDONLY);
  return with_context(text("read '{}'", path.str()), [&] { return sys::read_to_end(fd.get(), limit); });
}

std::optional<std::string> read_file_if_exists(const HostPath& path, std::size_t limit) {
  const auto fd = sys::open_if_exists(path, O_RDONLY);
  if (!fd) return std::nullopt;
  return with_context(text("read '{}'", path.str()), [&] { return sys::read_to_end(fd->get(), limit); });
}

void write_file_atomically(const HostPath& path, std::string_view bytes, unsigned mode,
                           Durability durability) {
  const HostPath aside{text("{}.tmp-{}", path.str(), ::getpid())};
  ScopeExit discard{[&] { ::unlink(aside.c_str()); }};
  {
    const auto fd = sys::open(aside, O_WRONLY | O_CREAT | O_TRUNC, mode);
    with_context(text("write '{}'", path.str()), [&] { sys::write_all(fd.get(), bytes); });
    if (durability == Durability::synced) check(::fsync(fd.get()), "sync '{}'", path.str());
  }
  sys::rename(aside, path);
  discard.dismiss();
  if (durability == Durability::synced) {
    const auto directory = sys::open(path.parent(), O_RDONLY | O_DIRECTORY);
    check(::fsync(directory.get()), "sync '{}'", path.parent().str());
  }
}

std::vector<std::string> list_directory(const HostPath& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(path.c_str()), ::closedir};
  if (!stream) {
    if (errno == ENOENT) return names;
    throw SysError(errno, text("read directory '{}'", path.str()));
  }
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

TemporaryDirectory::TemporaryDirectory(const std::string& prefix) {
  std::string pattern = prefix + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw SysError(errno, text("create directory '{}'", pattern));
  path_ = HostPath{std::move(pattern)};
}

TemporaryDirectory::~TemporaryDirectory() {
  try {
    sys::remove_tree(path_);
  } catch (const Error& e) {
    std::fprintf(stderr, "%s, ignoring\n", e.what());
  }
}

}  // namespace compose::base
