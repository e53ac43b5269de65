#include "images/transfer/copy_files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <linux/magic.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack.hpp"
#include "images/transfer/copy_rules.hpp"
#include "images/transfer/tar_pipe.hpp"

namespace compose::images {
namespace {

constexpr int k_most_copy_links = 40;      // as the kernel follows
constexpr int k_most_copy_attempts = 100;  // of somebody who renames all the time

// What a path leads to: a name in an open directory, or an open directory.
struct CopyEnd {
  base::UniqueFd parent;
  std::string name;          // in `parent`
  base::UniqueFd directory;  // where it is one
  CopyKind kind = CopyKind::missing;
};

// Nothing where there is nothing.
base::UniqueFd open_copy_path(int root, const std::string& path, int flags) {
  const open_how how{.flags = static_cast<__u64>(flags | O_CLOEXEC),
                     .mode = 0,
                     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  for (int attempt = 0;; ++attempt) {
    base::UniqueFd found{base::sys::openat2(root, path.c_str(), how)};
    if (found || errno == ENOENT || errno == ENOTDIR) return found;
    // EAGAIN: a rename raced with "..".
    if (errno != EINTR && (errno != EAGAIN || attempt == k_most_copy_attempts))
      throw base::SysError(errno, base::text("open '{}'", path));
  }
}

bool is_bare_directory(std::string_view name) {
  return name.empty() || name == "." || name == "..";
}

std::string behind_link(const std::string& directory, const std::string& link) {
  auto path = link.starts_with('/') ? link : directory + "/" + link;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// A link of /proc says a path, but leads to what a process has open.
void refuse_open_file(const CopyPlace& place, int parent) {
  struct ::statfs system {};
  base::check(::fstatfs(parent, &system), "look at '{}'", place.written);
  if (system.f_type == PROC_SUPER_MAGIC)
    base::fail("'{}' leads to an open file: - is standard input and output", place.written);
}

CopyEnd directory_end(int root, const std::string& path) {
  CopyEnd end;
  end.directory = open_copy_path(root, path, O_RDONLY | O_DIRECTORY);
  if (end.directory) end.kind = CopyKind::directory;
  return end;
}

// Without `parent` in the answer there is no directory either in which it could be made.
CopyEnd find_copy_end(const CopyPlace& place, bool follow) {
  auto path = place.path;
  for (int links = 0; links < k_most_copy_links; ++links) {
    const auto slash = path.find_last_of('/');
    CopyEnd end;
    end.name = path.substr(slash + 1);
    if (is_bare_directory(end.name)) return directory_end(place.root, path);
    const auto above = slash == 0 ? "/" : path.substr(0, slash);
    end.parent = open_copy_path(place.root, above, O_RDONLY | O_DIRECTORY);
    const auto status = end.parent ? base::sys::stat_at_if_exists(end.parent.get(), end.name) : std::nullopt;
    if (!status) return end;
    if (S_ISLNK(status->st_mode) && follow) {
      refuse_open_file(place, end.parent.get());
      path = behind_link(above, base::sys::read_link_at(end.parent.get(), end.name));
      continue;
    }
    end.kind = S_ISDIR(status->st_mode) ? CopyKind::directory : CopyKind::other;
    if (S_ISSOCK(status->st_mode)) base::fail("'{}' is a socket", place.written);
    if (end.kind == CopyKind::directory)
      end.directory = base::sys::open_at(end.parent.get(), end.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return end;
  }
  throw base::SysError(ELOOP, base::text("open '{}'", place.written));
}

CopyEnd find_source(const CopyPlace& from, bool follow_link) {
  auto end = find_copy_end(from, follow_link || means_directory(from.written));
  if (end.kind == CopyKind::missing) base::fail("'{}': no such file or directory", from.written);
  return end;
}

// Where in its tree an open directory is.
std::string path_in(int root, int directory) {
  const auto where = [](int fd) {
    return base::sys::read_link_at(AT_FDCWD, base::text("/proc/self/fd/{}", fd));
  };
  const auto top = where(root);
  const auto path = where(directory);
  return top != "/" && path.starts_with(top) ? path.substr(top.size()) : path;
}

// Of a merge into `directory`: what is closed there.
std::set<std::string> closed_in(const CopyPlace& to, int directory, const CopyOptions& options) {
  if (options.closed.empty()) return {};
  const auto path = path_in(to.root, directory);
  if (path.empty() || path == "/") return {options.closed.begin(), options.closed.end()};
  const auto first = path.substr(1, path.find('/', 1) - 1);
  if (std::ranges::find(options.closed, first) != options.closed.end())
    base::fail("'{}' is in '/{}', which is not the container's to keep", to.written, first);
  return {};
}

UnpackOptions merge_options(const CopyPlace& to, int directory, const CopyOptions& options) {
  UnpackOptions out{
      .form = UnpackForm::merge, .owner = std::nullopt, .closed = closed_in(to, directory, options)};
  if (!options.archive) out.owner = {::geteuid(), ::getegid()};
  return out;
}

// `into`: the directory that it is for, or -1.
std::vector<std::string> pack_end(const CopyEnd& end, const std::string& as, int into, ByteSink& tar) {
  LiveTree tree;
  if (into >= 0) {
    const auto status = base::sys::stat_fd(into);
    tree.destination.emplace(status.st_dev, status.st_ino);
  }
  if (as.empty())
    (void)pack_live_directory(end.directory.get(), PackForm::plain, tar, tree);
  else if (end.parent)
    pack_live_entry({.parent = end.parent.get(), .name = end.name, .as = as}, tar, tree);
  else
    pack_live_entry({.parent = end.directory.get(), .name = ".", .as = as}, tar, tree);
  return std::move(tree.unsteady);
}

}  // namespace

CopyOutcome copy_files(const CopyPlace& from, const CopyPlace& to, const CopyOptions& options) {
  const auto source = find_source(from, options.follow_link);
  const auto target = find_copy_end(to, true);
  const auto plan = plan_copy({.source = from.written,
                               .source_path = from.path,
                               .source_is = source.kind,
                               .destination = to.written,
                               .destination_is = target.kind});
  const auto& into = plan.inside ? target.directory : target.parent;
  if (!into) base::fail("'{}': no such directory", base::HostPath{to.path}.parent().str());
  const auto& name = plan.inside ? plan.name : target.name;
  auto merge = merge_options(to, into.get(), options);
  if (merge.closed.contains(name)) base::fail("'{}' is not the container's to keep", to.written);
  CopyOutcome outcome;
  outcome.unsteady = pass_through_pipe(
      [&](ByteSink& tar) { return pack_end(source, name, into.get(), tar); },
      [&](ByteSource& tar) { outcome.left_out = unpack_tar(tar, into.get(), merge).left_out; });
  return outcome;
}

CopyOutcome copy_to_tar(const CopyPlace& from, int output, const CopyOptions& options) {
  const auto source = find_source(from, options.follow_link);
  if (source.kind == CopyKind::other && means_directory(from.written))
    base::fail("'{}': not a directory", from.written);
  FdSink sink{output};
  const auto as = means_contents(from.written) ? "" : base::HostPath{from.path}.name();
  CopyOutcome outcome;
  outcome.unsteady = pack_end(source, as, -1, sink);
  return outcome;
}

CopyOutcome copy_from_tar(int input, const CopyPlace& to, const CopyOptions& options) {
  const auto target = find_copy_end(to, true);
  check_tar_destination(to.written, target.kind);
  auto merge = merge_options(to, target.directory.get(), options);
  merge.owner = std::nullopt;
  FdSource packed{input};
  DecompressingSource tar{packed};
  CopyOutcome outcome;
  outcome.left_out = unpack_tar(tar, target.directory.get(), merge).left_out;
  return outcome;
}

}  // namespace compose::images
