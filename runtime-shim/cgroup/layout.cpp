#include "runtime-shim/cgroup/layout.hpp"

#include <algorithm>
#include <array>

#include "base/file.hpp"

namespace compose::rt {
namespace {

constexpr std::array<std::string_view, 8> k_useful{"memory", "cpu",     "cpuacct", "cpuset",
                                                   "pids",   "devices", "freezer", "blkio"};

std::string_view next_word(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto word = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return word;
}

std::vector<std::string> split(std::string_view s, char separator) {
  std::vector<std::string> out;
  while (!s.empty())
    if (const auto word = next_word(s, separator); !word.empty()) out.emplace_back(word);
  return out;
}

// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\\' && i + 3 < s.size()) {
      out += static_cast<char>((s[i + 1] - '0') * 64 + (s[i + 2] - '0') * 8 + (s[i + 3] - '0'));
      i += 3;
    } else {
      out += s[i];
    }
  }
  return out;
}

struct MountLine {
  std::string mount_point;
  std::string type;
  std::string super_options;
};

MountLine parse_line(std::string_view line) {
  MountLine out;
  for (int field = 0; field < 4; ++field) next_word(line, ' ');
  out.mount_point = unescape(next_word(line, ' '));
  while (!line.empty() && next_word(line, ' ') != "-") {
  }
  out.type = next_word(line, ' ');
  next_word(line, ' ');
  out.super_options = line;
  return out;
}

std::vector<std::string> v1_controllers(std::string_view super_options) {
  std::vector<std::string> out;
  for (auto& option : split(super_options, ','))
    if (option.starts_with("name=") || std::ranges::find(k_useful, option) != k_useful.end())
      out.push_back(std::move(option));
  return out;
}

// Is the caller in a cgroup below the root of this hierarchy? Lines are "4:memory:/user.slice" and
// "0::/user.slice".
bool caller_is_below_root(std::string_view membership, const Hierarchy& h) {
  while (!membership.empty()) {
    std::string_view line = next_word(membership, '\n');
    next_word(line, ':');
    const std::string_view controllers = next_word(line, ':');
    const bool same = h.unified ? controllers.empty()
                                : std::ranges::any_of(split(controllers, ','),
                                                      [&](const std::string& c) { return h.has(c); });
    if (same) return line != "/";
  }
  return false;
}

bool limits_or_counts(const Hierarchy& h) {
  return std::ranges::any_of(k_useful, [&](std::string_view c) { return h.has(c); });
}

}  // namespace

bool Hierarchy::has(std::string_view controller) const {
  return std::ranges::find(controllers, controller) != controllers.end();
}

const Hierarchy* CgroupLayout::with(std::string_view controller) const {
  const auto found = std::ranges::find_if(hierarchies, [&](const Hierarchy& h) { return h.has(controller); });
  return found == hierarchies.end() ? nullptr : &*found;
}

const Hierarchy* CgroupLayout::unified() const {
  const auto found = std::ranges::find_if(hierarchies, &Hierarchy::unified);
  return found == hierarchies.end() ? nullptr : &*found;
}

bool CgroupLayout::has_v1() const {
  return std::ranges::any_of(hierarchies, [](const Hierarchy& h) { return !h.unified; });
}

CgroupLayout parse_layout(std::string_view mountinfo, std::string_view membership,
                          std::string_view unified_controllers) {
  std::vector<Hierarchy> all;
  while (!mountinfo.empty()) {
    const MountLine line = parse_line(next_word(mountinfo, '\n'));
    Hierarchy h{
        .mount_point = HostPath{line.mount_point}, .controllers = {}, .unified = line.type == "cgroup2"};
    if (h.unified)
      h.controllers = split(unified_controllers, ' ');
    else if (line.type == "cgroup")
      h.controllers = v1_controllers(line.super_options);
    else
      continue;
    const bool repeated = std::ranges::any_of(all, [&](const Hierarchy& o) {
      return o.unified == h.unified && (h.unified || o.controllers == h.controllers);
    });
    if (!repeated && (h.unified || !h.controllers.empty())) all.push_back(std::move(h));
  }
  const bool only_v2 = std::ranges::all_of(all, &Hierarchy::unified);
  CgroupLayout layout;
  for (auto& h : all) {
    h.caller_below_root = caller_is_below_root(membership, h);
    if (only_v2 || limits_or_counts(h) || h.caller_below_root) layout.hierarchies.push_back(std::move(h));
  }
  return layout;
}

CgroupLayout detect_layout() {
  const std::string mountinfo = base::read_file(HostPath{"/proc/self/mountinfo"});
  const std::string membership = base::read_file(HostPath{"/proc/self/cgroup"});
  const auto bare = parse_layout(mountinfo, "0::/any", "");
  std::string controllers;
  if (const auto* unified = bare.unified()) {
    controllers = base::read_file_if_exists(unified->mount_point / "cgroup.controllers").value_or("");
    while (!controllers.empty() && controllers.back() == '\n') controllers.pop_back();
  }
  return parse_layout(mountinfo, membership, controllers);
}

}  // namespace compose::rt
