#pragma once
// The DNS wire format, as much of it as a resolver needs that answers addresses and forwards the rest:
// reading queries, checking answers, writing responses. Total: any bytes give a result, without loops or
// allocations (RFC 1035, RFC 6891 for EDNS, RFC 9267 for what goes wrong elsewhere). Multi-byte numbers are
// in network order on the wire.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "net/dns/names_table.hpp"

namespace compose::net::dns {

using Bytes = std::span<const std::uint8_t>;

enum class Rcode : std::uint8_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5,
};

enum RecordType : std::uint16_t {
  k_type_a = 1,
  k_type_ns = 2,
  k_type_soa = 6,
  k_type_ptr = 12,
  k_type_aaaa = 28,
  k_type_opt = 41,
  k_type_ds = 43,
  k_type_dnskey = 48,
  k_type_any = 255,
};
inline constexpr std::uint16_t k_class_in = 1;
inline constexpr std::uint16_t k_class_any = 255;

inline constexpr std::size_t k_header_size = 12;
inline constexpr std::size_t k_plain_udp_size = 512;  // without EDNS
inline constexpr std::size_t k_largest_udp_size = 4096;
inline constexpr std::size_t k_largest_message = 65535;

struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  Bytes question;  // as it came, inside the packet
  bool has_edns = false;
  std::uint16_t udp_size = k_plain_udp_size;  // what the asker takes over UDP

  [[nodiscard]] std::string_view name() const noexcept {
    return {text_.data(), text_size_};
  }  // lower case, no dot at the end
  [[nodiscard]] unsigned labels() const noexcept { return labels_; }
  // False: a label has a dot or another byte in it that no name of ours has; name() is then of no use.
  [[nodiscard]] bool is_plain() const noexcept { return plain_; }

 private:
  friend struct QueryReader;
  std::array<char, 256> text_{};
  std::size_t text_size_ = 0;
  unsigned labels_ = 0;
  bool plain_ = true;
};

// What to do with a packet that came in as a query.
enum class Intake : std::uint8_t {
  query,   // `query` is filled
  refuse,  // answer with `rcode`; id, flags and (if readable) question are filled
  ignore,  // too short to answer, or itself an answer
};
struct ParsedQuery {
  Intake intake = Intake::ignore;
  Rcode rcode = Rcode::no_error;
};
ParsedQuery parse_query(Bytes packet, Query& query) noexcept;

// Is `answer` an answer to `query`, which we sent? Same id, same question byte by byte, and an answer at all.
bool answers(Bytes answer, Bytes query) noexcept;
Rcode rcode_of(Bytes answer) noexcept;  // of a message of at least k_header_size
bool is_truncated(Bytes answer) noexcept;
void set_id(std::span<std::uint8_t> message, std::uint16_t id) noexcept;

// Writes one response into a buffer of the caller. Records that do not fit below the limit are left out and
// the response is marked truncated.
class ResponseWriter {
 public:
  // `buffer` has room for k_header_size, the question and an OPT record at least (k_plain_udp_size is
  // enough).
  ResponseWriter(std::span<std::uint8_t> buffer, std::size_t limit, const Query& query) noexcept;
  void set_rcode(Rcode rcode) noexcept { rcode_ = rcode; }
  void set_authoritative() noexcept { authoritative_ = true; }
  void set_truncated() noexcept { truncated_ = true; }
  void add(const Ipv4& address, std::uint32_t ttl) noexcept { add_record(k_type_a, address, ttl); }
  void add(const Ipv6& address, std::uint32_t ttl) noexcept { add_record(k_type_aaaa, address, ttl); }
  void add_pointer(std::string_view name, std::uint32_t ttl) noexcept;
  [[nodiscard]] Bytes finish() noexcept;

 private:
  void add_record(std::uint16_t type, Bytes data, std::uint32_t ttl) noexcept;
  void put16(std::uint16_t value) noexcept;
  void put32(std::uint32_t value) noexcept;
  void put(Bytes bytes) noexcept;

  std::span<std::uint8_t> buffer_;
  std::size_t limit_;
  const Query& query_;
  std::size_t size_ = 0;
  std::uint16_t answers_ = 0;
  Rcode rcode_ = Rcode::no_error;
  bool authoritative_ = false;
  bool truncated_ = false;
};

// "11.0.0.127.in-addr.arpa" -> 127.0.0.11, and the same of ip6.arpa.
std::optional<Ipv4> reverse_ipv4(std::string_view name) noexcept;
std::optional<Ipv6> reverse_ipv6(std::string_view name) noexcept;

}  // namespace compose::net::dns
