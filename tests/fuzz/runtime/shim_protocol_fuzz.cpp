// Everything that a shim reads from a socket or a file: frames, control requests, start requests, statuses.
// The first byte chooses which. Any input is a value or a base::Error.
#include <cstdint>

#include "base/error.hpp"
#include "runtime-shim/isolation/user.hpp"
#include "runtime-shim/shim/control_server.hpp"
#include "runtime-shim/shim/frame_reader.hpp"
#include "runtime-shim/shim/start_message.hpp"
#include "runtime-shim/spec/status_codec.hpp"

using namespace compose;

namespace {

void read_one(std::uint8_t kind, std::string_view bytes) {
  switch (kind % 5) {
    case 0:
      rt::decode_control(bytes);
      break;
    case 1:
      rt::decode_start({.bytes = std::string{bytes}, .fds = {}});
      break;
    case 2:
      rt::decode_status(bytes);
      break;
    case 3: {
      rt::FrameReader reader;
      if (!reader.feed(bytes.substr(0, bytes.size() / 2))) reader.feed(bytes.substr(bytes.size() / 2));
      break;
    }
    case 4: {
      const auto half = bytes.size() / 2;
      rt::resolve_user(
          bytes.substr(0, bytes.find('\n')), {},
          {.passwd = std::string{bytes.substr(0, half)}, .group = std::string{bytes.substr(half)}});
      break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  try {
    read_one(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const base::Error&) {
    return 0;
  }
  return 0;
}
