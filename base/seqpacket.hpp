#pragma once
// One packet of an AF_UNIX SOCK_SEQPACKET socket with at most one descriptor. Neither allocates nor throws,
// so that a process between clone and exec can use it. (unix(7), SCM_RIGHTS)
#include <cstddef>
#include <sys/types.h>

#include "base/unique_fd.hpp"

namespace compose::base {

// `fd`: -1 for none. The bytes sent, or -1 with errno.
ssize_t send_packet(int socket, const void* bytes, std::size_t size, int fd = -1) noexcept;
// `fd` becomes the descriptor that came, or none. The bytes received, 0 at the end, or -1 with errno.
ssize_t receive_packet(int socket, void* into, std::size_t size, UniqueFd& fd) noexcept;

}  // namespace compose::base
