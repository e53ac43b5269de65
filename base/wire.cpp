#include "base/wire.hpp"

#include <limits>

#include "base/error.hpp"

namespace compose::base {

void detail::wire_damaged(std::string_view why) {
  fail("read a message: {}", why);
}

void WireWriter::size(std::size_t n) {
  if (n > std::numeric_limits<std::uint32_t>::max()) fail("write a message: {} elements are too many", n);
  const auto narrow = static_cast<std::uint32_t>(n);
  raw(&narrow, sizeof narrow);
}

void WireReader::raw(void* into, std::size_t size) {
  const auto taken = bytes(size);
  std::memcpy(into, taken.data(), size);
}

std::size_t WireReader::size(std::size_t least_bytes_each) {
  std::uint32_t n = 0;
  raw(&n, sizeof n);
  if (n > rest_.size() / least_bytes_each) detail::wire_damaged("a length points past the end");
  return n;
}

std::string_view WireReader::bytes(std::size_t n) {
  if (n > rest_.size()) detail::wire_damaged("it ends too early");
  const auto taken = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return taken;
}

void WireReader::expect_end() const {
  if (!rest_.empty()) detail::wire_damaged("bytes follow its end");
}

}  // namespace compose::base
