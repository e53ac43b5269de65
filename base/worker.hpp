#pragma once
// A piece of work in a process of its own: what waits for somebody or takes strangers' data apart does it
// beside the others, on every processor, and cannot take the command down with it. The command stays
// single-threaded; it hears of progress and results through a pipe.
//
// The child is a fork of this process and never leaves the function it is given: it ends with _exit, runs no
// destructor of its parent and touches no database. It dies with its parent, and hears no signal of the
// terminal.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/process.hpp"
#include "base/unique_fd.hpp"

namespace compose::base {

// The child's end.
class WorkerReport {
 public:
  explicit WorkerReport(int pipe) noexcept : pipe_(pipe) {}
  void progress(std::uint64_t done);  // cheap: told at most every 20 ms
  void output(std::string_view bytes);

 private:
  int pipe_;
  std::int64_t told_at_ = 0;
};

struct WorkerOutcome {
  bool failed = false;
  std::string text;  // the result, or the error
};

class Worker {
 public:
  using Work = std::function<std::string(WorkerReport&)>;
  using OnProgress = std::function<void(std::uint64_t done)>;
  using OnOutput = std::function<void(std::string_view bytes)>;

  explicit Worker(const Work& work);
  ~Worker();  // kills what still works, and reaps
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] int fd() const noexcept { return pipe_.get(); }  // readable when there is something to hear
  // Reads what is there, of a talkative worker a part. The outcome, once there is one; after that nothing
  // more comes.
  std::optional<WorkerOutcome> hear(const OnProgress& on_progress, const OnOutput& on_output = {});

 private:
  std::optional<WorkerOutcome> take_messages(const OnProgress& on_progress, const OnOutput& on_output);

  UniqueFd pipe_;
  std::optional<Process> process_;
  std::string received_;
  bool ended_ = false;
};

// As many pieces of work as the machine can do at a time; at least one.
[[nodiscard]] std::size_t processors() noexcept;

// Waits until one of the descriptors is readable, or the time is over.
void wait_for_any(std::span<const int> fds, int milliseconds);

}  // namespace compose::base
