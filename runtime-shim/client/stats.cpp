#include "runtime-shim/client/stats.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "runtime-shim/cgroup/container_cgroup.hpp"
#include "runtime-shim/client/status.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {
namespace {

constexpr std::uint64_t k_page_counter_limit = 0x7FFFFFFFFFFFF000ULL;  // what v1 says for "none"

std::string read_text(const HostPath& file) {
  return base::read_file_if_exists(file).value_or("");
}

std::uint64_t to_number(std::string_view s) {
  std::uint64_t value = 0;
  std::from_chars(s.data(), s.data() + s.size(), value);
  return value;
}

// Calls f(line) for each line.
template <class F>
void for_each_line(std::string_view text, F f) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    f(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

// The number after `key` at the start of a line: "usage_usec 123".
std::uint64_t keyed(std::string_view text, std::string_view key) {
  std::uint64_t value = 0;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
      value = to_number(line.substr(key.size() + 1));
  });
  return value;
}

std::uint64_t host_memory() {
  std::uint64_t bytes = 0;
  for_each_line(read_text(HostPath{"/proc/meminfo"}), [&](std::string_view line) {
    if (line.starts_with("MemTotal:"))
      bytes = to_number(line.substr(line.find_first_of("0123456789"))) * 1024;
  });
  return bytes;
}

std::uint64_t without(std::uint64_t usage, std::uint64_t cache) {
  return usage > cache ? usage - cache : 0;
}

void read_memory(const HostPath& directory, bool unified, ContainerStats& out) {
  const std::string stat = read_text(directory / "memory.stat");
  if (unified) {
    out.memory_bytes =
        without(to_number(read_text(directory / "memory.current")), keyed(stat, "inactive_file"));
    out.memory_limit = to_number(read_text(directory / "memory.max"));  // "max" reads as 0
  } else {
    out.memory_bytes = without(to_number(read_text(directory / "memory.usage_in_bytes")),
                               keyed(stat, "total_inactive_file"));
    out.memory_limit = to_number(read_text(directory / "memory.limit_in_bytes"));
  }
  if (out.memory_limit == 0 || out.memory_limit >= k_page_counter_limit) out.memory_limit = host_memory();
}

// "8:0 rbytes=1 wbytes=2 ..." of v2, "8:0 Read 1" of v1.
void read_block(const HostPath& directory, bool unified, ContainerStats& out) {
  const std::string text = read_text(directory / (unified ? "io.stat" : "blkio.throttle.io_service_bytes"));
  const std::string_view read_mark = unified ? " rbytes=" : " Read ";
  const std::string_view write_mark = unified ? " wbytes=" : " Write ";
  for_each_line(text, [&](std::string_view line) {
    if (const auto at = line.find(read_mark); at != std::string_view::npos)
      out.block_read_bytes += to_number(line.substr(at + read_mark.size()));
    if (const auto at = line.find(write_mark); at != std::string_view::npos)
      out.block_write_bytes += to_number(line.substr(at + write_mark.size()));
  });
}

// Through the init's own view of its network namespace: columns 1 and 9 after the name.
void read_network(std::int64_t init_pid, ContainerStats& out) {
  for_each_line(read_text(HostPath{base::text("/proc/{}/net/dev", init_pid)}), [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto name = line.substr(line.find_first_not_of(' '), colon - line.find_first_not_of(' '));
    if (name == "lo") return;
    line.remove_prefix(colon + 1);
    for (int column = 0; column < 9 && !line.empty(); ++column) {
      const auto start = line.find_first_not_of(' ');
      if (start == std::string_view::npos) break;
      line.remove_prefix(start);
      if (column == 0) out.network_receive_bytes += to_number(line);
      if (column == 8) out.network_transmit_bytes += to_number(line);
      const auto end = line.find(' ');
      line.remove_prefix(end == std::string_view::npos ? line.size() : end);
    }
  });
}

// What the host's interfaces carry is not the container's.
bool has_own_network(std::int64_t init_pid) {
  struct ::stat theirs {};
  struct ::stat ours {};
  return ::stat(base::text("/proc/{}/ns/net", init_pid).c_str(), &theirs) == 0 &&
         ::stat("/proc/self/ns/net", &ours) == 0 && theirs.st_ino != ours.st_ino;
}

}  // namespace

std::optional<ContainerStats> read_stats(const RuntimePaths& paths, const ContainerId& id) {
  const auto status = read_status(paths, id);
  if (!status || status->init_pid == 0) return std::nullopt;
  const CgroupLayout layout = detect_layout();
  const auto directory = [&](const Hierarchy& h) { return HostPath{h.mount_point.str() + status->cgroup}; };
  ContainerStats out;
  if (const auto* h = layout.with("memory")) read_memory(directory(*h), h->unified, out);
  if (const auto* h = layout.with("pids"))
    out.processes = to_number(read_text(directory(*h) / "pids.current"));
  if (const auto* h = layout.with("io")) read_block(directory(*h), true, out);
  if (const auto* h = layout.with("blkio")) read_block(directory(*h), false, out);
  if (const auto* h = layout.with("cpuacct"))
    out.cpu_nanoseconds = to_number(read_text(directory(*h) / "cpuacct.usage"));
  else if (const auto* unified = layout.unified())
    out.cpu_nanoseconds = keyed(read_text(directory(*unified) / "cpu.stat"), "usage_usec") * 1000;
  if (has_own_network(status->init_pid)) read_network(status->init_pid, out);
  return out;
}

std::vector<int> read_processes(const RuntimePaths& paths, const ContainerId& id) {
  const auto status = read_status(paths, id);
  if (!status || status->init_pid == 0) return {};
  const CgroupLayout layout = detect_layout();
  return ContainerCgroup{layout, status->cgroup}.processes();
}

}  // namespace compose::rt
