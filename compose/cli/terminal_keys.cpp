#include "compose/cli/terminal_keys.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "compose/cli/standard_input.hpp"
#include "compose/ui/raw_terminal.hpp"

namespace compose::cli {

namespace asio = boost::asio;

namespace {

bool in_foreground() noexcept {
  return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

}  // namespace

struct TerminalKeys::Body : std::enable_shared_from_this<TerminalKeys::Body> {
  StandardInput input;
  asio::signal_set continued;  // after Ctrl-Z the shell has set the terminal as it likes it
  asio::steady_timer later;
  std::optional<ui::RawTerminal> mode;
  std::function<void(char)> on_key;

  Body(const asio::any_io_executor& executor, std::function<void(char)> call)
      : input(executor), continued(executor, SIGCONT), later(executor), on_key(std::move(call)) {}

  void take_terminal() {
    if (!in_foreground()) return;
    mode.reset();
    mode.emplace(STDIN_FILENO, ui::RawTerminal::Mode::keys);
  }

  void leave_terminal() {
    if (mode && !in_foreground()) mode->forget();
    mode.reset();
  }

  void await_input() {
    input.on_readable([self = shared_from_this()] {
      if (in_foreground())
        self->take_keys();
      else
        self->await_foreground();
    });
  }

  // What is typed is for somebody else; reading it would stop us.
  void await_foreground() {
    later.expires_after(std::chrono::milliseconds{500});
    later.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->await_input();
    });
  }

  void take_keys() {
    std::array<char, 64> keys{};
    const auto count = StandardInput::read(keys);
    if (count == 0) return;
    for (std::size_t i = 0; i < count.value_or(0); ++i) on_key(keys.at(i));
    await_input();
  }

  void await_continuation() {
    continued.async_wait([self = shared_from_this()](const boost::system::error_code& error, int) {
      if (error) return;
      self->take_terminal();
      self->await_continuation();
    });
  }
};

TerminalKeys::TerminalKeys(asio::any_io_executor executor, std::function<void(char)> on_key)
    : body_(std::make_shared<Body>(executor, std::move(on_key))) {
  body_->take_terminal();
  body_->await_input();
  body_->await_continuation();
}

TerminalKeys::~TerminalKeys() {
  body_->leave_terminal();
  body_->input.close();
  body_->continued.cancel();
  body_->later.cancel();
}

}  // namespace compose::cli
