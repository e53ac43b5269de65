#include "runtime-shim/isolation/user.hpp"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <limits>
#include <linux/openat2.h>
#include <optional>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"

namespace compose::rt {
namespace {

constexpr std::size_t k_largest_file = 16U << 20U;
constexpr std::uint64_t k_largest_number = std::numeric_limits<std::int32_t>::max();

bool all_digits(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint32_t> to_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > k_largest_number)
    return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

std::uint32_t require_number(std::string_view digits, std::string_view what) {
  const auto value = to_number(digits);
  if (!value) base::fail("{} number '{}' is out of range", what, digits);
  return *value;
}

std::string_view next_part(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return part;
}

// Calls f(fields) for each line "a:b:c" until it answers true.
template <class F>
void for_each_line(std::string_view file, F f) {
  while (!file.empty()) {
    std::string_view line = next_part(file, '\n');
    std::string_view fields[7];
    std::size_t count = 0;
    while (!line.empty() && count < 7) fields[count++] = next_part(line, ':');
    if (count >= 3 && f(fields)) return;
  }
}

struct PasswdEntry {
  std::string_view name;
  std::uint32_t uid;
  std::uint32_t gid;
  std::string_view home;
};

std::optional<PasswdEntry> find_user(std::string_view passwd, std::string_view name_or_number) {
  const bool by_number = all_digits(name_or_number);
  const auto wanted = by_number ? to_number(name_or_number) : std::nullopt;
  std::optional<PasswdEntry> found;
  for_each_line(passwd, [&](const std::string_view(&f)[7]) {
    const auto uid = to_number(f[2]);
    const auto gid = to_number(f[3]);
    if (!uid || !gid || (by_number ? uid != wanted : f[0] != name_or_number)) return false;
    found = PasswdEntry{.name = f[0], .uid = *uid, .gid = *gid, .home = f[5]};
    return true;
  });
  return found;
}

std::optional<gid_t> find_group(std::string_view file, std::string_view name) {
  std::optional<gid_t> found;
  for_each_line(file, [&](const std::string_view(&f)[7]) {
    if (f[0] == name) found = to_number(f[2]);
    return found.has_value();
  });
  return found;
}

gid_t resolve_group(std::string_view group, const UserFiles& files) {
  if (all_digits(group)) return require_number(group, "group");
  const auto found = find_group(files.group, group);
  if (!found) base::fail("group '{}' is not in the container's /etc/group", group);
  return *found;
}

void add_memberships(std::vector<gid_t>& groups, std::string_view file, std::string_view user) {
  for_each_line(file, [&](const std::string_view(&f)[7]) {
    std::string_view members = f[3];
    const auto gid = to_number(f[2]);
    while (gid && !members.empty())
      if (next_part(members, ',') == user) groups.push_back(*gid);
    return false;
  });
}

void remove_repeats(std::vector<gid_t>& groups) {
  std::vector<gid_t> unique;
  for (const gid_t g : groups)
    if (std::ranges::find(unique, g) == unique.end()) unique.push_back(g);
  groups = std::move(unique);
}

std::string read_regular(int root, const std::string& path) {
  const open_how how{.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  const base::UniqueFd fd{base::retry_eintr([&] { return base::sys::openat2(root, path.c_str(), how); })};
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return {};
    throw base::SysError(errno, base::text("open '{}' in the container", path));
  }
  struct ::stat info {};
  base::check(::fstat(fd.get(), &info), "stat '{}' in the container", path);
  if (!S_ISREG(info.st_mode)) base::fail("'{}' in the container is not a regular file", path);
  return base::with_context(base::text("'{}' in the container", path),
                            [&] { return base::sys::read_to_end(fd.get(), k_largest_file); });
}

}  // namespace

ResolvedUser resolve_user(std::string_view user, std::span<const std::string> extra_groups,
                          const UserFiles& files) {
  const bool has_group = user.find(':') != std::string_view::npos;
  std::string_view group = user;
  const std::string_view name = next_part(group, ':');
  if (has_group && group.empty()) base::fail("user '{}' has no group after ':'", user);

  ResolvedUser out;
  const auto entry = find_user(files.passwd, name.empty() ? "0" : name);
  if (!name.empty() && all_digits(name))
    out.uid = require_number(name, "user");
  else if (entry)
    out.uid = entry->uid;
  else if (!name.empty())
    base::fail("user '{}' is not in the container's /etc/passwd", name);
  if (entry) {
    out.gid = entry->gid;
    if (!entry->home.empty()) out.home = entry->home;
  }
  if (has_group) out.gid = resolve_group(group, files);
  out.groups.push_back(out.gid);
  if (entry && !has_group) add_memberships(out.groups, files.group, entry->name);
  for (const auto& extra : extra_groups) out.groups.push_back(resolve_group(extra, files));
  remove_repeats(out.groups);
  return out;
}

UserFiles read_user_files(int root) {
  return {.passwd = read_regular(root, "/etc/passwd"), .group = read_regular(root, "/etc/group")};
}

}  // namespace compose::rt
