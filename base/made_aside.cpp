#include "base/made_aside.hpp"

#include <span>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.hpp"
#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::base {
namespace {

[[noreturn]] void tell_and_end(int socket, const char* why) noexcept {
  try {
    send_message(socket, why);
  } catch (const std::exception&) {
    // Nobody listens.
  }
  ::_exit(1);
}

[[noreturn]] void make_and_send(const std::function<UniqueFd()>& make, int socket) noexcept {
  try {
    const auto made = make();
    const int fd = made.get();
    send_message(socket, "", std::span{&fd, 1U});
    ::_exit(0);
  } catch (const std::exception& e) {
    tell_and_end(socket, e.what());
  }
}

}  // namespace

UniqueFd made_aside(const std::function<UniqueFd()>& make) {
  auto [ours, theirs] = sys::make_socket_pair(SOCK_STREAM);
  const pid_t child = check(::fork(), "start a process");
  if (child == 0) make_and_send(make, theirs.get());
  theirs = {};
  auto message = receive_message(ours.get());
  (void)retry_eintr([&] { return ::waitpid(child, nullptr, 0); });
  if (!message) fail("a process that was started for a moment was ended");
  if (message->fds.empty()) fail("{}", message->bytes);
  return std::move(message->fds.front());
}

}  // namespace compose::base
