#pragma once
// One stream of a container's output: from its pipe (or pty) to the log, to those who follow (followers.hpp)
// and to the terminal of `run` that is attached. That one holds the stream up as long as it does not read;
// the log never does. One read buffer serves every stream of the shim.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/shim/event_loop.hpp"
#include "runtime-shim/shim/followers.hpp"
#include "runtime-shim/shim/log_framing.hpp"
#include "runtime-shim/shim/log_writer.hpp"

namespace compose::rt {

class OutputPump final : private EventLoop::Source {
 public:
  // `stream`: "stdout" or "stderr".
  OutputPump(EventLoop& loop, LogWriter& log, Followers& followers, std::string_view stream)
      : loop_(loop), log_(log), followers_(followers), framing_(stream) {}
  ~OutputPump();
  OutputPump(const OutputPump&) = delete;
  OutputPump& operator=(const OutputPump&) = delete;

  // A new source: the read end of a pipe or the master of a pty. Made non-blocking here.
  void open(base::UniqueFd source);
  // The process has ended: takes what is still in the pipe, ends the last line, closes the source.
  void drain();
  // A copy of everything from now on.
  void add_tee(base::UniqueFd fd);
  void close_tees();
  // Reads as long as nobody is behind; to be called when that changes for the followers.
  void watch();

 private:
  struct Tee final : EventLoop::Source {
    Tee(OutputPump& pump, base::UniqueFd fd) : owner(pump), socket(std::move(fd)) {}
    void ready(std::uint32_t events) override;
    OutputPump& owner;
    base::UniqueFd socket;
    std::string pending;
    bool broken = false;
  };

  void ready(std::uint32_t events) override;
  bool take_some();  // false: nothing left now, or the end
  void pass_on(std::string_view bytes);
  void write_to(Tee& tee, std::string_view bytes);
  void flush(Tee& tee);
  void forget_broken();
  void close_source();
  void log(std::string_view lines);

  EventLoop& loop_;
  LogWriter& log_;
  Followers& followers_;
  LogFraming framing_;
  base::UniqueFd source_;
  bool watched_ = false;
  std::vector<std::unique_ptr<Tee>> tees_;
};

}  // namespace compose::rt
