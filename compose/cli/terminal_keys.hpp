#pragma once
// Single keys on the user's terminal while a command goes on, without echo; Ctrl-C and its kin stay signals.
// Only in the foreground: a command that the user has sent behind his shell leaves the terminal alone. As it
// was before when this is destroyed. Runs on the command's executor.
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace compose::cli {

class TerminalKeys {
 public:
  TerminalKeys(boost::asio::any_io_executor executor, std::function<void(char)> on_key);
  ~TerminalKeys();
  TerminalKeys(const TerminalKeys&) = delete;
  TerminalKeys& operator=(const TerminalKeys&) = delete;

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::cli
