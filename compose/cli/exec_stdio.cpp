#include "compose/cli/exec_stdio.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/sys.hpp"

namespace compose::cli {
namespace {

bool is_anonymous_pipe(int fd) {
  struct ::statfs system {};
  return ::fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

bool is_null_device(int fd) {
  const auto null_device = makedev(1, 3);
  struct ::stat status {};
  return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == null_device;
}

bool are_the_same(int a, int b) {
  struct ::stat first {};
  struct ::stat second {};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

ExecStdio::ExecStdio(boost::asio::any_io_executor executor)
    : executor_(std::move(executor)), inside_{.input = -1, .output = -1, .error = -1} {}
ExecStdio::~ExecStdio() = default;

void ExecStdio::prepare(bool with_input) {
  if (with_input && is_anonymous_pipe(STDIN_FILENO)) {
    inside_.input = STDIN_FILENO;
  } else if (with_input && !is_null_device(STDIN_FILENO)) {
    auto pipe = base::sys::make_pipe();
    theirs_[0] = std::move(pipe.read_end);
    inside_.input = theirs_[0].get();
    input_ = std::move(pipe.write_end);
  }
  prepare_output(STDOUT_FILENO, inside_.output);
  // One pipe for both keeps the order of what is written to one file.
  if (outputs_[STDOUT_FILENO] && are_the_same(STDOUT_FILENO, STDERR_FILENO))
    inside_.error = inside_.output;
  else
    prepare_output(STDERR_FILENO, inside_.error);
}

void ExecStdio::prepare_output(int fd, int& inside) {
  if (is_anonymous_pipe(fd)) {
    inside = fd;
  } else if (!is_null_device(fd)) {
    auto pipe = base::sys::make_pipe();
    theirs_[fd] = std::move(pipe.write_end);
    inside = theirs_[fd].get();
    outputs_[fd] = std::move(pipe.read_end);
  }
}

void ExecStdio::begin() {
  for (auto& end : theirs_) end.reset();
  if (input_) input_relay_.emplace(executor_, std::move(input_));
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (outputs_[fd])
      output_relays_[fd] = std::make_unique<OutputRelay>(executor_, std::move(outputs_[fd]), fd);
}

void ExecStdio::drain() {
  for (const auto& relay : output_relays_)
    if (relay) relay->drain();
}

}  // namespace compose::cli
