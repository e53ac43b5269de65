#include "compose/cli/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/unique_fd.hpp"
#include "compose/cli/arguments.hpp"
#include "compose/ui/style.hpp"

namespace compose::cli {

base::HostPath path_of(const std::string& word) {
  return base::HostPath{base::absolute_path(word, base::sys::current_directory())};
}

namespace {

constexpr int k_most_links = 40;  // as the kernel follows

// Where the file is that `path` means: links are followed, also one that leads to nothing yet.
base::HostPath behind_links(base::HostPath path) {
  for (int i = 0; i < k_most_links; ++i) {
    const auto status = base::sys::lstat_if_exists(path);
    if (!status || !S_ISLNK(status->st_mode)) return path;
    const auto link = base::sys::read_link_at(AT_FDCWD, path.str());
    path = base::HostPath{base::absolute_path(link, path.parent().str())};
  }
  throw base::SysError(ELOOP, base::text("open '{}'", path.str()));
}

// /dev/stdout and its like lead to a file that is open already.
bool is_open_already(const base::HostPath& path) {
  return path.str().starts_with("/dev/") || path.str().starts_with("/proc/");
}

base::HostPath hidden_name_beside(const base::HostPath& path) {
  return path.parent() / base::text(".{}.{}", path.name().substr(0, 200), base::random_hex(6));
}

// A file without a name goes with whoever writes it, however that ends.
void write_nameless(int file, const base::HostPath& path, const std::function<void(int fd)>& write) {
  write(file);
  const auto aside = hidden_name_beside(path);
  const auto self = base::text("/proc/self/fd/{}", file);
  base::check(::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, aside.c_str(), AT_SYMLINK_FOLLOW), "create '{}'",
              path.str());
  base::sys::rename(aside, path);
}

// Where the file system knows no such files.
void write_hidden(const base::HostPath& path, const std::function<void(int fd)>& write) {
  const auto aside = hidden_name_beside(path);
  try {
    write(base::sys::open(aside, O_WRONLY | O_CREAT | O_EXCL, 0600).get());
    base::sys::rename(aside, path);
  } catch (const base::Error&) {
    base::sys::remove_file_if_present(aside);
    throw;
  }
}

std::optional<base::UniqueFd> nameless_file_in(const base::HostPath& directory) {
  try {
    return base::sys::open(directory, O_TMPFILE | O_WRONLY, 0600);
  } catch (const base::SysError& e) {
    if (e.code() != EOPNOTSUPP && e.code() != EISDIR) throw;
  }
  return std::nullopt;
}

void replace_file(const base::HostPath& path, const std::function<void(int fd)>& write) {
  if (const auto nameless = nameless_file_in(path.parent()))
    return write_nameless(nameless->get(), path, write);
  write_hidden(path, write);
}

}  // namespace

void write_output(const std::optional<std::string>& output, const std::function<void(int fd)>& write) {
  if (!output) {
    if (ui::is_terminal(STDOUT_FILENO))
      throw UsageError("standard output is a terminal: name a file with --output");
    return write(STDOUT_FILENO);
  }
  const auto path = path_of(*output);
  const auto status = base::sys::stat_if_exists(path);
  if (status && (!S_ISREG(status->st_mode) || is_open_already(path)))
    return write(base::sys::open(path, O_WRONLY).get());
  replace_file(behind_links(path), write);
}

}  // namespace compose::cli
