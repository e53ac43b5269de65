#include "base/channel.hpp"

#include <array>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.hpp"

namespace compose::base {
namespace {

constexpr std::size_t k_control_size = CMSG_SPACE(sizeof(int) * k_max_fds);

void wait_for(int socket, short events) {
  pollfd p{.fd = socket, .events = events, .revents = 0};
  check(retry_eintr([&] { return ::poll(&p, 1, -1); }), "poll a socket");
}

// sendmsg that outlasts EINTR and a full non-blocking socket; the number of bytes taken.
std::size_t send_some(int socket, const msghdr& message) {
  for (;;) {
    const auto n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EAGAIN)
      wait_for(socket, POLLOUT);
    else if (errno != EINTR)
      throw SysError(errno, "send a message");
  }
}

void send_rest(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    bytes.remove_prefix(send_some(socket, message));
  }
}

void take_fds(const msghdr& message, std::vector<UniqueFd>& into) {
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(const_cast<msghdr*>(&message), c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      into.emplace_back(fd);
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0)
    fail("receive a message: not all its descriptors came, too many files are open");
}

// Reads exactly `into`, collecting descriptors. False: end of stream before the first byte.
bool receive_exactly(int socket, std::span<char> into, std::vector<UniqueFd>& fds) {
  std::size_t done = 0;
  while (done < into.size()) {
    alignas(cmsghdr) std::array<char, k_control_size> control{};
    iovec part{.iov_base = into.data() + done, .iov_len = into.size() - done};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (n > 0) {
      take_fds(message, fds);
      done += static_cast<std::size_t>(n);
    } else if (n == 0) {
      if (done == 0) return false;
      fail("receive a message: the peer closed in the middle of it");
    } else if (errno == EAGAIN) {
      wait_for(socket, POLLIN);
    } else if (errno != EINTR) {
      throw SysError(errno, "receive a message");
    }
  }
  return true;
}

}  // namespace

void send_message(int socket, std::string_view bytes, std::span<const int> fds) {
  if (bytes.size() > k_max_frame)
    fail("send a message: {} bytes are more than {}", bytes.size(), k_max_frame);
  if (fds.size() > k_max_fds) fail("send a message: {} descriptors are more than {}", fds.size(), k_max_fds);
  auto size = static_cast<std::uint32_t>(bytes.size());
  std::array<iovec, 2> parts{iovec{.iov_base = &size, .iov_len = sizeof size},
                             iovec{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()}};
  alignas(cmsghdr) std::array<char, k_control_size> control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    auto* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
  }
  const std::size_t sent = send_some(socket, message);
  std::string whole;
  if (sent < sizeof size) {  // cannot happen on AF_UNIX in practice, but the count is the kernel's to choose
    whole.assign(reinterpret_cast<const char*>(&size) + sent, sizeof size - sent);
    send_rest(socket, whole);
    send_rest(socket, bytes);
  } else {
    send_rest(socket, bytes.substr(sent - sizeof size));
  }
}

std::optional<Message> receive_message(int socket) {
  Message message;
  std::uint32_t size = 0;
  if (!receive_exactly(socket, {reinterpret_cast<char*>(&size), sizeof size}, message.fds))
    return std::nullopt;
  if (size > k_max_frame) fail("receive a message: {} bytes are more than {}", size, k_max_frame);
  message.bytes.resize(size);
  if (size > 0 && !receive_exactly(socket, message.bytes, message.fds))
    fail("receive a message: the peer closed in the middle of it");
  return message;
}

}  // namespace compose::base
