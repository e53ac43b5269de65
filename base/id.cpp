#include "base/id.hpp"

#include <sys/random.h>
#include <vector>

#include "base/error.hpp"

namespace compose::base {

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> raw(bytes);
  check(retry_eintr([&] { return ::getrandom(raw.data(), raw.size(), 0); }), "get random bytes");
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : raw) {
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace compose::base
