#include "compose/cli/terminal_relay.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/cli/standard_input.hpp"
#include "compose/ui/raw_terminal.hpp"

namespace compose::cli {

namespace asio = boost::asio;

namespace {

// What can be read now. False: nothing will come any more, or nobody takes it.
bool copy_all(int from, int to) {
  std::array<char, 16384> bytes;
  for (;;) {
    const auto count = ::read(from, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    try {
      base::sys::write_all(to, {bytes.data(), static_cast<std::size_t>(count)});
    } catch (const base::Error&) {
      return false;
    }
  }
}

}  // namespace

struct TerminalRelay::Body : std::enable_shared_from_this<TerminalRelay::Body> {
  StandardInput input;
  asio::posix::stream_descriptor master;
  asio::signal_set resized;
  std::optional<ui::RawTerminal> raw;
  std::optional<DetachKeys> keys;
  std::function<void()> detached;
  std::array<char, 16384> buffer{};

  Body(const asio::any_io_executor& executor, base::UniqueFd pty)
      : input(executor), master(executor, pty.release()), resized(executor, SIGWINCH) {
    base::check(::fcntl(master.native_handle(), F_SETFL, O_RDWR | O_NONBLOCK), "make the pty non-blocking");
    raw.emplace(STDIN_FILENO);
    ui::copy_window_size(STDIN_FILENO, master.native_handle());
  }

  void await_input() {
    input.on_readable([self = shared_from_this()] {
      if (self->copy_input()) self->await_input();
    });
  }

  bool copy_input() {
    const auto count = StandardInput::read(buffer);
    if (!count) return true;
    if (*count == 0) return false;
    if (!keys) return pass_on({buffer.data(), *count});
    const bool taken = pass_on(keys->pass({buffer.data(), *count}));
    if (keys->complete()) detached();
    return taken && !keys->complete();
  }

  bool pass_on(std::string_view left) {
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

  bool copy_output() { return copy_all(master.native_handle(), STDOUT_FILENO); }

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

void TerminalRelay::detach_on(DetachKeys keys, std::function<void()> detached) {
  body_->keys = std::move(keys);
  body_->detached = std::move(detached);
}

void TerminalRelay::drain() {
  body_->copy_output();
}

// Waits for both ends, so that neither a silent user nor a full pipe keeps the command from ending.
struct InputRelay::Body : std::enable_shared_from_this<InputRelay::Body> {
  StandardInput input;
  asio::posix::stream_descriptor pipe;
  std::array<char, 65536> buffer{};
  std::string_view left;

  Body(const asio::any_io_executor& e, base::UniqueFd to) : input(e), pipe(e, to.release()) {
    base::check(::fcntl(pipe.native_handle(), F_SETFL, O_WRONLY | O_NONBLOCK), "make the pipe non-blocking");
  }

  void next() {
    if (!left.empty()) {
      pipe.async_wait(asio::posix::stream_descriptor::wait_write,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error) self->write();
                      });
    } else {
      input.on_readable([self = shared_from_this()] { self->read(); });
    }
  }

  void read() {
    if (!pipe.is_open()) return;
    const auto count = StandardInput::read(buffer);
    if (!count) return next();
    if (*count == 0) return close();
    left = {buffer.data(), *count};
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
    input.close();
  }
};

InputRelay::InputRelay(asio::any_io_executor executor, base::UniqueFd pipe)
    : body_(std::make_shared<Body>(executor, std::move(pipe))) {
  body_->next();
}

InputRelay::~InputRelay() {
  body_->close();
}

struct OutputRelay::Body : std::enable_shared_from_this<OutputRelay::Body> {
  asio::posix::stream_descriptor pipe;
  int to;

  Body(const asio::any_io_executor& e, base::UniqueFd from, int t) : pipe(e, from.release()), to(t) {
    base::check(::fcntl(pipe.native_handle(), F_SETFL, O_RDONLY | O_NONBLOCK), "make the pipe non-blocking");
  }

  // Where nobody takes it the pipe is closed, so that the writer learns it.
  void next() {
    pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (error) return;
                      if (copy_all(self->pipe.native_handle(), self->to)) return self->next();
                      self->close();
                    });
  }

  void close() {
    boost::system::error_code ignored;
    pipe.close(ignored);
  }
};

OutputRelay::OutputRelay(asio::any_io_executor executor, base::UniqueFd pipe, int to)
    : body_(std::make_shared<Body>(executor, std::move(pipe), to)) {
  body_->next();
}

OutputRelay::~OutputRelay() {
  body_->close();
}

void OutputRelay::drain() {
  if (body_->pipe.is_open()) copy_all(body_->pipe.native_handle(), body_->to);
}

void tell_error(const char* message) {
  std::cerr << message << std::endl;
}

}  // namespace compose::cli
