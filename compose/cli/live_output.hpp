#pragma once
// What the containers of a project write while `up` or `logs -f` follows them: the lines that their shims
// pass on, each once, however fast the log rotates. What a container wrote before its shim was asked, and
// what was left out because this command stood still, is taken from its log; what is not there is counted and
// said. Runs on the command's executor.
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "compose/ui/log_printer.hpp"
#include "runtime-shim/client/paths.hpp"

namespace compose::cli {

struct LogSource {
  std::string name;     // "web-1"
  std::string service;  // for the colour
  base::HostPath file;
  std::optional<std::size_t> tail;  // only the last lines of what is there
};

class LiveOutput {
 public:
  struct Calls {
    // It is known now what a container wrote that print() was not sure of.
    std::function<void(const rt::ContainerId&)> settled;
    // Nobody reads our output any more.
    std::function<void(std::exception_ptr)> failed;
  };
  // Times as in the logs; empty: no bound.
  struct Shown {
    std::string since;
    std::string until;
    bool past = false;  // what is in the logs already; else only what comes
  };
  LiveOutput(boost::asio::any_io_executor executor, rt::RuntimePaths paths, ui::LogPrinter& printer,
             Shown shown);
  ~LiveOutput();
  LiveOutput(const LiveOutput&) = delete;
  LiveOutput& operator=(const LiveOutput&) = delete;

  void on(Calls calls);
  void add(const rt::ContainerId& id, const LogSource& shown);
  // For a start that is about to be asked for: the lines go here from the first one on.
  base::UniqueFd begin(const rt::ContainerId& id);
  // It runs: asks its shim, unless its lines come already.
  void attach(const rt::ContainerId& id);
  // The past of all that are there, by time.
  void print_past();
  // The same, and what comes goes on just behind it: the shims say first where their streams begin, and the
  // past ends there. hold() comes before attach(); go_on() when all_begun(), or enough of waiting.
  void hold();
  [[nodiscard]] bool all_begun() const;
  void go_on();
  // Prints what has come. False: whether that is all is not known yet.
  bool print(const rt::ContainerId& id);
  void print_all();

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::cli
