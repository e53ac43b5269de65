#include "compose/cli/terminal_relay.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/ui/raw_terminal.hpp"

namespace compose::cli {

namespace asio = boost::asio;

struct TerminalRelay::Body : std::enable_shared_from_this<TerminalRelay::Body> {
  // The user's input is waited for, never made non-blocking: that would be seen by the shell that we share it
  // with.
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
      if (written > 0)
        left.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EAGAIN && errno != EINTR)
        return false;
      else if (errno == EAGAIN)
        copy_output();  // the other side must be read for this one to move
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

void TerminalRelay::drain() {
  body_->copy_output();
}

// Waits for both ends, so that neither a silent user nor a full pipe keeps the command from ending. A regular
// file is always ready, and epoll does not take it: then the executor's next turn is the event.
struct InputRelay::Body : std::enable_shared_from_this<InputRelay::Body> {
  asio::any_io_executor executor;
  std::optional<asio::posix::stream_descriptor> input;  // none: a file
  asio::posix::stream_descriptor pipe;
  std::array<char, 65536> buffer{};
  std::string_view left;

  Body(const asio::any_io_executor& e, base::UniqueFd to) : executor(e), pipe(e, to.release()) {
    base::check(::fcntl(pipe.native_handle(), F_SETFL, O_WRONLY | O_NONBLOCK), "make the pipe non-blocking");
    struct ::stat status {};
    if (::fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode))
      input.emplace(e, base::sys::duplicate(STDIN_FILENO).release());
  }

  void next() {
    if (!left.empty()) {
      pipe.async_wait(asio::posix::stream_descriptor::wait_write,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error) self->write();
                      });
    } else if (input) {
      input->async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (!error) self->read();
                        });
    } else {
      asio::post(executor, [self = shared_from_this()] { self->read(); });
    }
  }

  void read() {
    if (!pipe.is_open()) return;
    const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return next();
    if (count <= 0) return close();
    left = {buffer.data(), static_cast<std::size_t>(count)};
    write();
  }

  void write() {
    const auto written = ::write(pipe.native_handle(), left.data(), left.size());
    if (written > 0)
      left.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EAGAIN && errno != EINTR)
      return close();
    next();
  }

  void close() {
    boost::system::error_code ignored;
    pipe.close(ignored);
    if (input) input->close(ignored);
  }
};

InputRelay::InputRelay(asio::any_io_executor executor, base::UniqueFd pipe)
    : body_(std::make_shared<Body>(executor, std::move(pipe))) {
  body_->next();
}

InputRelay::~InputRelay() {
  body_->close();
}

void tell_error(const char* message) {
  std::cerr << message << std::endl;
}

}  // namespace compose::cli
