// proc(5): /proc/<pid>/stat, cmdline, and the owner of the directory.
#include "compose/cli/process_line.hpp"

#include <array>
#include <ctime>
#include <pwd.h>
#include <sstream>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

namespace compose::cli {
namespace {

std::string user_name(uid_t uid) {
  const auto* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : base::text("{}", uid);
}

std::tm local(std::time_t time) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  return parts;
}

bool same_day(const std::tm& a, const std::tm& b) {
  return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
}

std::string two_digits(long number) {
  return (number < 10 ? "0" : "") + base::text("{}", number);
}

std::string clock_time(long seconds) {
  return two_digits(seconds / 3600) + ":" + two_digits(seconds / 60 % 60) + ":" + two_digits(seconds % 60);
}

// "10:31", or "Jan02" when that was on another day.
std::string start_time(std::time_t started, std::time_t now) {
  const auto parts = local(started);
  std::array<char, 32> buffer{};
  if (same_day(parts, local(now)))
    std::strftime(buffer.data(), buffer.size(), "%H:%M", &parts);
  else
    std::strftime(buffer.data(), buffer.size(), "%b%d", &parts);
  return buffer.data();
}

std::string terminal_name(long device) {
  if (device == 0) return "?";
  const long major = (device >> 8) & 0xfff;
  const long minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  return major >= 136 && major <= 143 ? base::text("pts/{}", (major - 136) * 256 + minor)
                                      : base::text("tty{}", minor);
}

double seconds_since_boot() {
  std::istringstream uptime{base::read_file(base::HostPath{"/proc/uptime"}, 256)};
  double seconds = 0;
  uptime >> seconds;
  return seconds;
}

// The fields after the name, which may hold blanks and parentheses itself: field 3 of proc(5) is element 0.
struct Stat {
  std::string name;
  std::vector<std::string> fields;
};

std::optional<Stat> read_stat(const base::HostPath& directory) {
  const auto text = base::read_file_if_exists(directory / "stat", 4096);
  if (!text) return std::nullopt;
  const auto open = text->find('(');
  const auto close = text->rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  Stat stat{.name = text->substr(open + 1, close - open - 1)};
  std::istringstream rest{text->substr(close + 1)};
  for (std::string word; rest >> word;) stat.fields.push_back(word);
  if (stat.fields.size() < 20) return std::nullopt;
  return stat;
}

std::string command_of(const base::HostPath& directory, const std::string& name) {
  auto command = base::read_file_if_exists(directory / "cmdline", 1U << 20U).value_or("");
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (auto& c : command)
    if (c == '\0' || c == '\n') c = ' ';
  return command.empty() ? "[" + name + "]" : command;
}

}  // namespace

std::optional<ProcessLine> read_process(int pid, std::chrono::system_clock::time_point now) {
  const base::HostPath directory{base::text("/proc/{}", pid)};
  const auto owner = base::sys::stat_if_exists(directory);
  const auto stat = read_stat(directory);
  if (!owner || !stat) return std::nullopt;
  const auto number = [&](std::size_t field) { return std::stol(stat->fields[field - 3]); };
  const long ticks = ::sysconf(_SC_CLK_TCK);
  const long used = (number(14) + number(15)) / ticks;
  const auto age = seconds_since_boot() - static_cast<double>(number(22)) / static_cast<double>(ticks);
  const auto today = std::chrono::system_clock::to_time_t(now);
  const auto started = today - static_cast<std::time_t>(age);
  return ProcessLine{
      .user = user_name(owner->st_uid),
      .pid = base::text("{}", pid),
      .parent = stat->fields[1],
      .cpu = base::text("{}", age > 1 ? static_cast<long>(static_cast<double>(used) * 100 / age) : 0L),
      .started = start_time(started, today),
      .terminal = terminal_name(number(7)),
      .time = clock_time(used),
      .command = command_of(directory, stat->name)};
}

}  // namespace compose::cli
