#pragma once
// Stdio of a command inside a container, where it has no terminal. A container gets no descriptor of the
// host's but anonymous pipes, since whatever it has open it could open again through /proc/self/fd with other
// rights: pipes of ours are passed on as they are, /dev/null becomes the container's own, anything else (a
// file, a socket, a terminal, a named pipe) is relayed through a pipe.
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>

#include "base/unique_fd.hpp"
#include "compose/cli/terminal_relay.hpp"
#include "runtime-shim/client/shim_client.hpp"

namespace compose::cli {

class ExecStdio {
 public:
  explicit ExecStdio(boost::asio::any_io_executor executor);
  ~ExecStdio();

  void prepare(bool with_input);
  [[nodiscard]] const rt::StdioFds& inside() const noexcept { return inside_; }
  void begin();  // the command has been started: its ends are closed here
  void drain();  // the command has ended: what is still in the pipes is written out

 private:
  void prepare_output(int fd, int& inside);

  boost::asio::any_io_executor executor_;
  rt::StdioFds inside_;
  base::UniqueFd theirs_[3];
  base::UniqueFd input_;
  std::optional<InputRelay> input_relay_;
  base::UniqueFd outputs_[3];
  std::unique_ptr<OutputRelay> output_relays_[3];
};

}  // namespace compose::cli
