#pragma once
// One process as `ps -ef` shows it, read from /proc. Pure but for the reading.
#include <chrono>
#include <optional>
#include <string>

namespace compose::cli {

struct ProcessLine {
  std::string user;
  std::string pid;
  std::string parent;
  std::string cpu;      // percent over its life
  std::string started;  // "10:31", or "Jan02" when that was not today
  std::string terminal;
  std::string time;  // "00:00:01"
  std::string command;
};

// nullopt: it has ended.
[[nodiscard]] std::optional<ProcessLine> read_process(int pid, std::chrono::system_clock::time_point now);

}  // namespace compose::cli
