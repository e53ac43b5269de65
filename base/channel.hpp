#pragma once
// Framed messages with descriptors over an AF_UNIX SOCK_SEQPACKET or SOCK_STREAM socket. A frame is a u32
// length (little endian) and that many bytes; descriptors ride with the first byte of their frame. Bounded: a
// peer that announces more than k_max_frame or sends more than k_max_fds is an Error. Blocking or not is the
// socket's own flag.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace compose::base {

struct Message {
  std::string bytes;
  std::vector<UniqueFd> fds;
};

inline constexpr std::uint32_t k_max_frame = 8U << 20U;
inline constexpr std::size_t k_max_fds = 128;

// Over a blocking stream socket.
void send_message(int socket, std::string_view bytes, std::span<const int> fds = {});
// nullopt: the peer closed between frames. Error: it closed inside one, or broke the bounds.
std::optional<Message> receive_message(int socket);

}  // namespace compose::base
