// Times without a shell or an interpreter around what is measured.
//
//   bench floor COUNT ROUNDS       one line of JSON per round: {"start_ms": .., "stop_ms": ..}
//   bench time ROUNDS COMMAND...   the milliseconds that each run of the command took, one a line
//
// What the timed command prints is dropped.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"
#include "tests/bench/floor.hpp"

extern char** environ;

namespace {

using compose::base::HostPath;

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const std::string path = compose::base::sys::environment("PATH").value_or("/usr/bin:/bin");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string candidate = path.substr(at, end - at) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  compose::base::fail("no program '{}' in PATH", name);
}

int time_command(int rounds, const std::vector<std::string>& command) {
  compose::base::SpawnOptions options;
  options.program = HostPath{find_program(command.front())};
  options.argv = command;
  for (char** i = environ; *i != nullptr; ++i) options.environment.emplace_back(*i);
  // What goes wrong is worth seeing; what goes right is not.
  options.fds = {{2, 2}};
  for (int round = 0; round < rounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    const auto status = compose::base::spawn(options).wait();
    const auto took = std::chrono::steady_clock::now() - began;
    if (!status.success()) compose::base::fail("'{}' {}", command.front(), status.describe());
    std::printf("%.3f\n", std::chrono::duration<double, std::milli>(took).count());
  }
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[0] == "floor") {
    const HostPath self{"/proc/self/exe"};
    char path[4096] = {};
    compose::base::check(::readlink(self.c_str(), path, sizeof path - 1), "read '{}'", self.str());
    const std::string sleeper = HostPath{path}.parent().str() + "/sleeper";
    for (int round = 0; round < std::atoi(arguments[2].c_str()); ++round) {
      const auto times = compose::bench::measure_floor(std::atoi(arguments[1].c_str()), sleeper);
      std::printf("{\"start_ms\": %.3f, \"stop_ms\": %.3f}\n", times.start_ms, times.stop_ms);
      std::fflush(stdout);
    }
    return 0;
  }
  if (arguments.size() >= 3 && arguments[0] == "time") {
    return time_command(std::atoi(arguments[1].c_str()), {arguments.begin() + 2, arguments.end()});
  }
  std::fputs("usage: bench floor COUNT ROUNDS | bench time ROUNDS COMMAND...\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const compose::base::Error& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}
