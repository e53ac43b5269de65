#pragma once
// Takes a frame of base/channel from a non-blocking socket piece by piece, so that a peer that stalls in the
// middle of one stops nobody else. Bounded as base/channel is.
#include <optional>

#include "base/channel.hpp"

namespace compose::rt {

class FrameReader {
 public:
  // Everything that is there now. nullopt: the frame is not complete yet. Error: the peer closed or broke the
  // bounds.
  std::optional<base::Message> read(int socket);
  // The same without a socket. Bytes after the end of the frame are an Error: one request per connection.
  std::optional<base::Message> feed(std::string_view bytes);

 private:
  std::string bytes_;
  std::vector<base::UniqueFd> fds_;
};

}  // namespace compose::rt
