#pragma once
// What the containers of a project write while `up` is attached to them: the lines that their shims pass on,
// each once, whatever the logging driver and however fast the log rotates. What a container wrote before its
// shim was asked (somebody else has started it), and what was left out because this command stood still, is
// taken from its log; what is not there is counted and said. Runs on the command's executor.
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/unique_fd.hpp"
#include "compose/ui/log_mux.hpp"
#include "runtime-shim/client/paths.hpp"

namespace compose::cli {

class LiveOutput {
 public:
  struct Calls {
    // It is known now what a container wrote that print() was not sure of.
    std::function<void(const rt::ContainerId&)> settled;
    // Nobody reads our output any more.
    std::function<void(std::exception_ptr)> failed;
  };
  // `since`: a time as in the logs; what is older is not shown.
  LiveOutput(boost::asio::any_io_executor executor, rt::RuntimePaths paths, ui::LogPrinter& printer,
             std::string since);
  ~LiveOutput();
  LiveOutput(const LiveOutput&) = delete;
  LiveOutput& operator=(const LiveOutput&) = delete;

  void on(Calls calls);
  void add(const rt::ContainerId& id, const ui::LogSource& source);
  // For a start that is about to be asked for: the lines go here from the first one on.
  base::UniqueFd begin(const rt::ContainerId& id);
  // It runs: asks its shim, unless its lines come already.
  void attach(const rt::ContainerId& id);
  // Prints what has come. False: whether that is all is not known yet.
  bool print(const rt::ContainerId& id);
  void print_all();

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::cli
