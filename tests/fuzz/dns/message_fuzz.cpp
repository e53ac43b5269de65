// Any bytes as a query, as an answer, and as both halves of one conversation: no crash, no loop, and every
// response is a message that answers its question and keeps to its limit.
#include <cstdlib>

#include "net/dns/message.hpp"

using namespace compose::net::dns;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void as_query(Bytes packet) {
  Query query;
  const auto parsed = parse_query(packet, query);
  if (parsed.intake == Intake::ignore) return;
  static std::array<std::uint8_t, k_largest_udp_size> room;
  ResponseWriter response{room, query.udp_size, query};
  response.set_rcode(parsed.rcode);
  for (std::uint8_t i = 0; i < 200; ++i) response.add(Ipv4{10, 0, 0, i}, 1);
  response.add_pointer(query.name(), 1);
  const Bytes answer = response.finish();
  require(answer.size() >= k_header_size && answer.size() <= query.udp_size);
  if (parsed.intake == Intake::query) require(answers(answer, packet));
  static_cast<void>(reverse_ipv4(query.name()));
  static_cast<void>(reverse_ipv6(query.name()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes all{data, size};
  as_query(all);
  const std::size_t half = size / 2;
  static_cast<void>(answers(all.subspan(half), all.first(half)));
  return 0;
}
