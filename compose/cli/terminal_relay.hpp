#pragma once
// The user's terminal <-> the pty of a container, for exec, run and attach. Raw mode while it lives; follows
// changes of the window's size. Runs on the command's executor; errors of either end end the relaying, not
// the command.
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "base/unique_fd.hpp"
#include "compose/cli/detach_keys.hpp"

namespace compose::cli {

class TerminalRelay {
 public:
  TerminalRelay(boost::asio::any_io_executor executor, base::UniqueFd master);
  ~TerminalRelay();
  TerminalRelay(const TerminalRelay&) = delete;
  TerminalRelay& operator=(const TerminalRelay&) = delete;
  // The process has ended: writes out what is still in the pty.
  void drain();
  // These keys do not reach the container; nothing more of the input does after them.
  void detach_on(DetachKeys keys, std::function<void()> detached);

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

// Our input -> the stdin pipe of a container, to its end; then the pipe is closed.
class InputRelay {
 public:
  InputRelay(boost::asio::any_io_executor executor, base::UniqueFd pipe);
  ~InputRelay();
  InputRelay(const InputRelay&) = delete;
  InputRelay& operator=(const InputRelay&) = delete;

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

// An output pipe of a container -> a descriptor of ours.
class OutputRelay {
 public:
  OutputRelay(boost::asio::any_io_executor executor, base::UniqueFd pipe, int to);
  ~OutputRelay();
  OutputRelay(const OutputRelay&) = delete;
  OutputRelay& operator=(const OutputRelay&) = delete;
  // The process has ended: writes out what is still in the pipe.
  void drain();

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

// The bare text of an error on stderr.
void tell_error(const char* message);

}  // namespace compose::cli
