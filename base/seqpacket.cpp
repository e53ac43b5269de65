#include "base/seqpacket.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace compose::base {
namespace {

// A message of one part with room for one descriptor.
struct OnePart {
  OnePart(void* bytes, std::size_t size) noexcept : part{.iov_base = bytes, .iov_len = size} {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
  }
  OnePart(const OnePart&) = delete;
  OnePart& operator=(const OnePart&) = delete;

  iovec part;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
};

}  // namespace

ssize_t send_packet(int socket, const void* bytes, std::size_t size, int fd) noexcept {
  OnePart packet{const_cast<void*>(bytes), size};
  if (fd >= 0) {
    cmsghdr* header = CMSG_FIRSTHDR(&packet.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  } else {
    packet.message.msg_controllen = 0;
  }
  ssize_t sent = -1;
  do sent = ::sendmsg(socket, &packet.message, MSG_NOSIGNAL);
  while (sent == -1 && errno == EINTR);
  return sent;
}

ssize_t receive_packet(int socket, void* into, std::size_t size, UniqueFd& fd) noexcept {
  OnePart packet{into, size};
  ssize_t received = -1;
  do received = ::recvmsg(socket, &packet.message, MSG_CMSG_CLOEXEC);
  while (received == -1 && errno == EINTR);
  fd.reset();
  if (received >= 0 && (packet.message.msg_flags & MSG_CTRUNC) != 0) {  // it did not get a number here
    errno = EMFILE;
    return -1;
  }
  const cmsghdr* header = received >= 0 ? CMSG_FIRSTHDR(&packet.message) : nullptr;
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    int came = -1;
    std::memcpy(&came, CMSG_DATA(header), sizeof came);
    fd.reset(came);
  }
  return received;
}

}  // namespace compose::base
