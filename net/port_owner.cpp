#include "net/port_owner.hpp"

#include <algorithm>
#include <charconv>
#include <dirent.h>
#include <memory>
#include <set>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "net/spec/ip.hpp"

namespace compose::net {

using base::HostPath;
using base::text;

namespace {

constexpr std::string_view k_tcp_listen = "0A";

std::optional<std::string> read_quietly(const HostPath& path) {
  try {
    return base::read_file_if_exists(path, 64U << 20U);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return out;
    line.remove_prefix(start);
    out.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(out.back().size());
  }
}

bool is_any(std::string_view hex_address) {
  return hex_address.find_first_not_of('0') == std::string_view::npos;
}

// /proc/net prints each 32-bit word of an address as the machine's own number, in upper-case hex.
std::string proc_form(const IpAddress& address) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  const auto raw = address.raw();
  for (std::size_t word = 0; word < raw.size(); word += 4)
    for (std::size_t i = 4; i-- > 0;) {
      out += digits[raw[word + i] >> 4U];
      out += digits[raw[word + i] & 15U];
    }
  return out;
}

// Inodes of the sockets in one table that keep `address`:`port` from being bound.
void collect_inodes(const char* table, bool tcp, const std::string& address, std::uint16_t port,
                    std::set<std::string>& inodes) {
  const auto content = read_quietly(HostPath{std::string{"/proc/thread-self/net/"} + table});
  if (!content) return;
  const auto wanted = IpAddress::parse(address);
  const bool wants_any = !wanted || is_any(proc_form(*wanted));
  std::string_view rest = *content;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto fields =
        words(line);  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    if (fields.size() < 10 || (tcp && fields[3] != k_tcp_listen)) continue;
    const auto colon = fields[1].rfind(':');
    if (colon == std::string_view::npos) continue;
    const auto local = fields[1].substr(0, colon);
    unsigned local_port = 0;
    std::from_chars(fields[1].data() + colon + 1, fields[1].data() + fields[1].size(), local_port, 16);
    if (local_port != port) continue;
    if (wants_any || is_any(local) || local == proc_form(*wanted)) inodes.emplace(fields[9]);
  }
}

struct CloseDirectory {
  void operator()(DIR* d) const noexcept { ::closedir(d); }
};

bool has_socket(const HostPath& descriptors, const std::set<std::string>& links) {
  const std::unique_ptr<DIR, CloseDirectory> directory{::opendir(descriptors.c_str())};
  if (!directory) return false;
  while (const dirent* entry = ::readdir(directory.get())) {
    char target[64];
    const auto n = ::readlinkat(::dirfd(directory.get()), entry->d_name, target, sizeof target);
    if (n > 0 && links.contains(std::string{target, static_cast<std::size_t>(n)})) return true;
  }
  return false;
}

std::string command_of(const std::string& pid) {
  auto command = read_quietly(HostPath{"/proc/" + pid + "/comm"}).value_or("");
  while (!command.empty() && command.back() == '\n') command.pop_back();
  return command;
}

}  // namespace

std::optional<std::string> find_port_owner(const std::string& protocol, const std::string& address,
                                           std::uint16_t port) {
  std::set<std::string> inodes;
  const bool tcp = protocol == "tcp";
  collect_inodes(tcp ? "tcp" : "udp", tcp, address, port, inodes);
  collect_inodes(tcp ? "tcp6" : "udp6", tcp, address, port, inodes);
  std::set<std::string> links;
  for (const auto& inode : inodes) links.insert("socket:[" + inode + "]");
  if (links.empty()) return std::nullopt;
  const std::unique_ptr<DIR, CloseDirectory> processes{::opendir("/proc")};
  while (const dirent* entry = processes ? ::readdir(processes.get()) : nullptr) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (has_socket(HostPath{"/proc/" + pid + "/fd"}, links))
      return text("process {} ({})", pid, command_of(pid));
  }
  return std::nullopt;
}

}  // namespace compose::net
