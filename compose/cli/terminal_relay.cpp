#include "compose/cli/terminal_relay.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <optional>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/ui/raw_terminal.hpp"

namespace compose::cli {

namespace asio = boost::asio;

struct TerminalRelay::Body : std::enable_shared_from_this<TerminalRelay::Body> {
  // The user's input is waited for, never made non-blocking: that would be seen by the shell that we share it with.
  asio::posix::stream_descriptor input;
  asio::posix::stream_descriptor master;
  asio::signal_set resized;
  std::optional<ui::RawTerminal> raw;
  std::array<char, 16384> buffer{};

  Body(const asio::any_io_executor& executor, base::UniqueFd pty)
      : input(executor, base::sys::duplicate(STDIN_FILENO).release()),
        master(executor, pty.release()),
        resized(executor, SIGWINCH) {
    base::check(::fcntl(master.native_handle(), F_SETFL, O_RDWR | O_NONBLOCK), "make the pty non-blocking");
    raw.emplace(STDIN_FILENO);
    ui::copy_window_size(STDIN_FILENO, master.native_handle());
  }

  void await_input() {
    input.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && self->copy_input()) self->await_input();
                     });
  }

  bool copy_input() {
    const auto count = ::read(input.native_handle(), buffer.data(), buffer.size());
    if (count <= 0) return false;
    std::string_view left{buffer.data(), static_cast<std::size_t>(count)};
    while (!left.empty()) {
      const auto written = ::write(master.native_handle(), left.data(), left.size());
      if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EAGAIN && errno != EINTR) return false;
      else if (errno == EAGAIN) copy_output();  // the other side must be read for this one to move
    }
    return true;
  }

  void await_output() {
    master.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error && self->copy_output()) self->await_output();
                      });
  }

  // False: nothing will come any more.
  bool copy_output() {
    std::array<char, 16384> out;
    for (;;) {
      const auto count = ::read(master.native_handle(), out.data(), out.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return true;
      if (count <= 0) return false;
      try {
        base::sys::write_all(STDOUT_FILENO, {out.data(), static_cast<std::size_t>(count)});
      } catch (const base::Error&) {
        return false;
      }
    }
  }

  void await_resize() {
    resized.async_wait([self = shared_from_this()](const boost::system::error_code& error, int) {
      if (error) return;
      ui::copy_window_size(STDIN_FILENO, self->master.native_handle());
      self->await_resize();
    });
  }
};

TerminalRelay::TerminalRelay(asio::any_io_executor executor, base::UniqueFd master)
    : body_(std::make_shared<Body>(executor, std::move(master))) {
  body_->await_input();
  body_->await_output();
  body_->await_resize();
}

TerminalRelay::~TerminalRelay() {
  body_->raw.reset();
  body_->input.close();
  body_->master.close();
  body_->resized.cancel();
}

void TerminalRelay::drain() { body_->copy_output(); }

void tell_error(const char* message) { std::cerr << message << std::endl; }

}  // namespace compose::cli
