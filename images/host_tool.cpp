#include "images/host_tool.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace compose::images {
namespace {

using base::HostPath;

constexpr std::size_t k_most_tool_output = 1U << 20U;

// Both pipes to their ends, a part of each kept.
void read_both(int out, int err, ToolResult& result) {
  std::array<::pollfd, 2> polled{
      {{.fd = out, .events = POLLIN, .revents = 0}, {.fd = err, .events = POLLIN, .revents = 0}}};
  const std::array<std::string*, 2> texts{&result.output, &result.errors};
  std::array<char, 16384> buffer;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    base::check(base::retry_eintr([&] { return ::poll(polled.data(), polled.size(), -1); }),
                "wait for a program");
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      const auto n = base::sys::read_some(polled[i].fd, buffer);
      if (n == 0) polled[i].fd = -1;
      if (texts[i]->size() < k_most_tool_output) texts[i]->append(buffer.data(), n);
    }
  }
}

}  // namespace

std::optional<HostPath> find_program(const std::string& name) {
  const auto path = base::sys::environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (std::size_t at = 0; at <= path.size();) {
    const auto colon = std::min(path.find(':', at), path.size());
    const HostPath candidate{path.substr(at, colon - at) + "/" + name};
    if (candidate.str().starts_with('/') && base::sys::exists(candidate)) return candidate;
    at = colon + 1;
  }
  return std::nullopt;
}

HostPath require_program(const std::string& name) {
  const auto found = find_program(name);
  if (!found) base::fail("'{}' is not in the PATH", name);
  return *found;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

ToolResult run_tool(const HostPath& program, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment, const std::optional<HostPath>& directory) {
  auto out = base::sys::make_pipe();
  auto err = base::sys::make_pipe();
  base::SpawnOptions options{.program = program, .argv = {program.str()}, .environment = environment};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.fds = {{out.write_end.get(), 1}, {err.write_end.get(), 2}};
  options.directory = directory;
  options.die_with_parent = true;
  const auto process = base::spawn(options);
  out.write_end = {};
  err.write_end = {};
  ToolResult result;
  read_both(out.read_end.get(), err.read_end.get(), result);
  result.status = process.wait();
  while (result.errors.ends_with('\n')) result.errors.pop_back();
  return result;
}

}  // namespace compose::images
