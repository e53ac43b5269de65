#pragma once
// Talks to the shim of one running container; one short connection per operation, nothing is kept. Every
// operation is awaitable and cancellable; Error where the container has no shim ("container is not running")
// or the shim refuses. Runs in the CLI, on its one thread.
#include <chrono>
#include <memory>
#include <optional>
#include <utility>  // first: this Boost forgets it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "runtime-shim/client/paths.hpp"
#include "runtime-shim/spec/control_protocol.hpp"

namespace compose::rt {

// An exec that has started. For a terminal `master` is the pty: the caller relays and resizes it; the shim is
// not in the data path. Destroying it leaves the process alone, but hangs up its terminal or pipes.
class ExecSession {
 public:
  ExecSession() = default;  // for completion handlers; nothing runs
  ExecSession(base::UniqueFd master, std::shared_ptr<void> connection);
  [[nodiscard]] int master() const noexcept { return master_.get(); }  // -1 without a terminal
  base::UniqueFd take_master() noexcept { return std::move(master_); }
  boost::asio::awaitable<int> exit_code();
  void give_up();  // exit_code() throws GivenUp; the process goes on

 private:
  base::UniqueFd master_;
  std::shared_ptr<void> connection_;
};

// Refused before it ran: the message, and 126, 127 or 125 as the exit code that Docker gives.
class ExecRefused final : public base::Error {
 public:
  ExecRefused(const std::string& why, int exit_code) : base::Error(why), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

// Nobody waits for the answer any more (give_up()). What was asked for goes on.
class GivenUp final : public base::Error {
 public:
  GivenUp() : base::Error("the wait for a container's supervisor was given up") {}
};

// It has no shim, or one that has ended it and takes its leave.
class NotRunning final : public base::Error {
 public:
  NotRunning() : base::Error("container is not running") {}
};

struct StdioFds {  // borrowed
  int input = -1;
  int output = -1;
  int error = -1;
};

class ShimClient {
 public:
  ShimClient(boost::asio::any_io_executor executor, const RuntimePaths& paths, ContainerId id);

  boost::asio::awaitable<void> kill(int signal);  // the container's init
  // Stop signal, then SIGKILL for all of it after the grace; nullopt: the container's own. Returns when
  // nothing runs. No restart follows. Returns at once where it has ended already.
  boost::asio::awaitable<void> stop(std::optional<std::chrono::nanoseconds> grace, int signal = 0);
  boost::asio::awaitable<void> pause();
  boost::asio::awaitable<void> unpause();
  // Paused for as long as the result lives, and no longer than this process does.
  boost::asio::awaitable<std::shared_ptr<void>> hold();
  boost::asio::awaitable<int> wait();  // the exit code, when no restart follows

  boost::asio::awaitable<ExecSession> exec(ExecSpec spec, StdioFds stdio);
  // The descriptor for input (pty master or stdin pipe; empty where stdin is closed). `output` and `error`
  // get copies of what the container writes from now on.
  boost::asio::awaitable<base::UniqueFd> attach(int output, int error, bool close_stdin_after);
  // The lines of its log from now on, whatever the logging driver (shim/followers.hpp).
  boost::asio::awaitable<void> follow(base::UniqueFd pipe);

  // The kill, stop, pause, unpause or wait under way, or the next one, throws GivenUp once the shim has been
  // asked: the shim carries it out alone.
  void give_up();

 private:
  boost::asio::awaitable<int> converse(std::string request);

  boost::asio::any_io_executor executor_;
  RuntimePaths paths_;
  ContainerId id_;
  std::shared_ptr<void> conversation_;
  bool given_up_ = false;
};

}  // namespace compose::rt
