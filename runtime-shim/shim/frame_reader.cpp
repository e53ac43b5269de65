#include "runtime-shim/shim/frame_reader.hpp"

#include <cstring>
#include <sys/socket.h>

#include "base/error.hpp"

namespace compose::rt {
namespace {

constexpr std::size_t k_control_size = CMSG_SPACE(sizeof(int) * base::k_max_fds);

void take_fds(msghdr& message, std::vector<base::UniqueFd>& into) {
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      into.emplace_back(fd);
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0 || into.size() > base::k_max_fds)
    base::fail("receive a request: too many descriptors");
}

}  // namespace

std::optional<base::Message> FrameReader::feed(std::string_view bytes) {
  bytes_ += bytes;
  std::uint32_t size = 0;
  if (bytes_.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, bytes_.data(), sizeof size);
  if (size > base::k_max_frame)
    base::fail("receive a request: {} bytes are more than {}", size, base::k_max_frame);
  if (bytes_.size() < sizeof size + size) return std::nullopt;
  if (bytes_.size() > sizeof size + size) base::fail("receive a request: something follows it");
  return base::Message{.bytes = bytes_.substr(sizeof size), .fds = std::move(fds_)};
}

std::optional<base::Message> FrameReader::read(int socket) {
  for (;;) {
    char buffer[4096];
    alignas(cmsghdr) char control[k_control_size];
    iovec part{.iov_base = buffer, .iov_len = sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n == 0) base::fail("receive a request: the peer closed in the middle of it");
    if (n == -1 && errno == EINTR) continue;
    if (n == -1 && errno == EAGAIN) return std::nullopt;
    base::check(n, "receive a request");
    take_fds(message, fds_);
    if (auto whole = feed({buffer, static_cast<std::size_t>(n)})) return whole;
  }
}

}  // namespace compose::rt
