#include "images/build/root_view.hpp"

#include <charconv>
#include <deque>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"

namespace compose::images {
namespace {

namespace sys = base::sys;
using base::UniqueFd;

constexpr int k_max_links = 40;
constexpr std::size_t k_max_database = 4U << 20U;  // of /etc/passwd

void set_option(int fs, const char* key, const char* value) {
  base::check(sys::fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0), "set overlay option {}={}", key, value);
}

// Bytes that are names and mean nothing in the option that lists them.
std::string bytes_for_names() {
  std::string bytes;
  for (int byte = '0'; byte <= 0xff; ++byte)
    if (byte != ':' && byte != '\\') bytes.push_back(static_cast<char>(byte));
  return bytes;
}

// Kernels before 6.5 know no "lowerdir+" and take at most 255 bytes in one option: links of one byte stand
// for long paths.
void set_lower_by_links(int fs, const std::vector<base::HostPath>& layers) {
  constexpr std::size_t k_most = 128;
  if (layers.size() > k_most)
    base::fail("join {} layers: kernels before 6.5 join at most {}", layers.size(), k_most);
  const base::TemporaryDirectory scratch;
  const base::HostPath& directory = scratch.path();
  const std::string names = bytes_for_names();
  std::string option;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name(1, names[i]);
    sys::make_symlink(layers[i].str(), directory / name);
    option += (option.empty() ? "" : ":") + name;
  }
  const auto before = sys::open(base::HostPath{"."}, O_PATH | O_DIRECTORY);
  base::check(::chdir(directory.c_str()), "enter '{}'", directory.str());
  const base::ScopeExit back{[&] { (void)!::fchdir(before.get()); }};
  set_option(fs, "lowerdir", option.c_str());
  // The links are followed when the file system is made, so that has to happen here.
  base::check(sys::fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "join {} layers", layers.size());
}

UniqueFd open_overlay() {
  return UniqueFd{base::check(sys::fsopen("overlay", FSOPEN_CLOEXEC), "open file system type 'overlay'")};
}

// False: the kernel knows no "lowerdir+".
bool join_by_paths(int fs, const std::vector<base::HostPath>& layers) {
  if (!sys::refuses_unknown_options(fs)) return false;
  if (sys::fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", layers.front().c_str(), 0) == -1) return false;
  for (std::size_t i = 1; i < layers.size(); ++i) set_option(fs, "lowerdir+", layers[i].c_str());
  base::check(sys::fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "join {} layers", layers.size());
  return true;
}

UniqueFd overlay_of(const std::vector<base::HostPath>& layers) {
  UniqueFd fs = open_overlay();
  if (!join_by_paths(fs.get(), layers)) {
    fs = open_overlay();
    set_lower_by_links(fs.get(), layers);
  }
  return UniqueFd{base::check(sys::fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV),
                              "mount {} layers", layers.size())};
}

void push_components(std::deque<std::string>& pending, std::string_view path) {
  std::deque<std::string> components;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) components.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  pending.insert(pending.begin(), components.begin(), components.end());
}

std::string joined(const std::vector<std::string>& components) {
  return base::join(components, "/");
}

}  // namespace

RootView::RootView(const std::vector<base::HostPath>& layers) {
  if (layers.empty()) return;
  root_ = layers.size() == 1 ? sys::open(layers.front(), O_PATH | O_DIRECTORY) : overlay_of(layers);
}

std::string RootView::resolve(std::string_view path, bool follow_last) const {
  std::deque<std::string> pending;
  push_components(pending, path);
  std::vector<std::string> done;
  int links = 0;
  while (!pending.empty()) {
    const auto component = std::move(pending.front());
    pending.pop_front();
    if (component == ".") continue;
    if (component == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(component);
    if (empty() || (pending.empty() && !follow_last)) continue;
    const auto status = stat(joined(done));
    if (!status || !S_ISLNK(status->st_mode)) continue;
    if (++links > k_max_links) base::fail("'{}': more than {} links", path, k_max_links);
    const auto link = open(joined(done), O_PATH | O_NOFOLLOW);
    const auto target = sys::read_link_at(link.get(), "");
    done.pop_back();
    if (target.starts_with('/')) done.clear();
    push_components(pending, target);
  }
  return joined(done);
}

std::optional<struct ::stat> RootView::stat(const std::string& resolved) const {
  if (empty()) return std::nullopt;
  struct ::stat status {};
  const open_how how{.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                     .mode = 0,
                     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  const UniqueFd fd{sys::openat2(root_.get(), resolved.empty() ? "." : resolved.c_str(), how)};
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw base::SysError(errno, base::text("look up '/{}'", resolved));
  }
  base::check(::fstat(fd.get(), &status), "stat '/{}'", resolved);
  return status;
}

UniqueFd RootView::open(const std::string& resolved, int flags) const {
  return sys::open_in_root(root_.get(), resolved.empty() ? "." : resolved,
                           static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_NOFOLLOW)));
}

std::optional<std::string> RootView::read_file(std::string_view path, std::size_t limit) const {
  const auto resolved = resolve(path);
  const auto status = stat(resolved);
  if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
  return sys::read_to_end(open(resolved, O_RDONLY).get(), limit);
}

// ---- owners ----

namespace {

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::vector<std::string_view> colon_fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto colon = line.find(':');
    fields.push_back(line.substr(0, colon));
    if (colon == std::string_view::npos) return fields;
    line.remove_prefix(colon + 1);
  }
}

// uid and primary gid of a passwd line, gid of a group line.
std::optional<Owner> look_up(const RootView& view, const char* file, std::string_view name) {
  const auto content = view.read_file(file, k_max_database);
  std::string_view rest = content ? std::string_view{*content} : std::string_view{};
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto fields = colon_fields(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (fields.size() < 4 || fields[0] != name) continue;
    const auto id = number(fields[2]);
    if (id) return Owner{.uid = *id, .gid = number(fields[3]).value_or(*id)};
  }
  return std::nullopt;
}

}  // namespace

Owner resolve_owner(const RootView& view, std::string_view spelling) {
  const auto colon = spelling.find(':');
  const auto user = spelling.substr(0, colon);
  Owner owner;
  if (const auto id = number(user)) {
    owner = {.uid = *id, .gid = *id};
  } else if (!user.empty()) {
    const auto found = look_up(view, "/etc/passwd", user);
    if (!found) base::fail("user '{}' is not in /etc/passwd", user);
    owner = *found;
  }
  if (colon == std::string_view::npos) return owner;
  const auto group = spelling.substr(colon + 1);
  if (const auto id = number(group)) {
    owner.gid = *id;
  } else if (!group.empty()) {
    const auto found = look_up(view, "/etc/group", group);
    if (!found) base::fail("group '{}' is not in /etc/group", group);
    owner.gid = found->uid;
  }
  return owner;
}

}  // namespace compose::images
