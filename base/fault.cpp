#include "base/fault.hpp"

#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <time.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::base {
namespace {

struct ArmedFault {
  std::string name;
  int count = 1;
  std::string action;
};

int to_int(std::string_view digits) {
  int n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return n;
}

ArmedFault read_armed() {
  const std::string spec = sys::environment("COMPOSE_FAULT").value_or("");
  const auto equals = spec.find('=');
  if (equals == std::string::npos) return {};
  ArmedFault armed{.name = spec.substr(0, equals), .action = spec.substr(equals + 1)};
  if (const auto colon = armed.name.find(':'); colon != std::string::npos) {
    armed.count = to_int(std::string_view{armed.name}.substr(colon + 1));
    armed.name.resize(colon);
  }
  return armed;
}

void act(std::string_view name, std::string_view action) {
  if (action == "kill") ::kill(::getpid(), SIGKILL);
  if (action == "exit") ::_exit(99);
  if (action.starts_with("sleep:")) {
    const int ms = to_int(action.substr(6));
    const timespec t{.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000L};
    ::nanosleep(&t, nullptr);
  }
  if (action.starts_with("errno:")) throw SysError(to_int(action.substr(6)), text("fault point '{}'", name));
}

void trace(std::string_view name) {
  static const auto file = sys::environment("COMPOSE_FAULT_TRACE");
  if (!file) return;
  if (const auto fd = sys::open_if_exists(HostPath{*file}, O_WRONLY | O_APPEND))
    sys::write_all(fd->get(), text("{}\n", name));
}

// How often the armed point has been passed, this time included; 0 while nothing is counted.
int passings() {
  static const auto file = sys::environment("COMPOSE_FAULT_COUNT");
  static int own = 0;
  if (!file) return ++own;
  const auto fd = sys::open_if_exists(HostPath{*file}, O_WRONLY | O_APPEND);
  if (!fd) return 0;
  sys::write_all(fd->get(), "x");
  return static_cast<int>(::lseek(fd->get(), 0, SEEK_CUR));
}

}  // namespace

void fault_point(std::string_view name) {
  static const ArmedFault armed = read_armed();
  trace(name);
  if (armed.name == name && passings() == armed.count) act(name, armed.action);
}

}  // namespace compose::base
