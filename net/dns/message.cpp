#include "net/dns/message.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"

namespace compose::net::dns {

namespace {

constexpr std::uint16_t k_flag_response = 0x8000;
constexpr std::uint16_t k_mask_opcode = 0x7800;
constexpr std::uint16_t k_flag_authoritative = 0x0400;
constexpr std::uint16_t k_flag_truncated = 0x0200;
constexpr std::uint16_t k_flag_recursion_desired = 0x0100;
constexpr std::uint16_t k_flag_recursion_available = 0x0080;
constexpr std::size_t k_longest_name = 255;  // on the wire, with length bytes
constexpr std::size_t k_longest_label = 63;
constexpr std::size_t k_opt_size = 11;
constexpr std::size_t k_smallest_record = 11;  // root name, type, class, TTL, data length

std::uint16_t read16(Bytes b, std::size_t at) noexcept {
  return static_cast<std::uint16_t>((b[at] << 8U) | b[at + 1]);
}

char lower_octet(std::uint8_t c) noexcept {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

// Bytes that names of containers, services and networks have; a dot inside a label is none of them.
bool is_name_byte(std::uint8_t c) noexcept {
  return c > ' ' && c < 0x7f && c != '.';
}

// Behind the name at `at`, which may end in a compression pointer; nullopt when it runs over the end. Nothing
// is followed, so there is nothing to loop in.
std::optional<std::size_t> skip_name(Bytes packet, std::size_t at) noexcept {
  while (at < packet.size()) {
    const std::size_t length = packet[at];
    if (length == 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= packet.size() ? std::optional{at + 2} : std::nullopt;
    if (length > k_longest_label) return std::nullopt;
    at += 1 + length;
  }
  return std::nullopt;
}

}  // namespace

struct QueryReader {
  Bytes packet;
  Query& query;
  std::size_t at = k_header_size;

  // The name of the question: whole, since there is nothing before it to point to.
  bool read_name() noexcept {
    std::size_t on_wire = 0;
    for (;;) {
      if (at >= packet.size()) return false;
      const std::size_t length = packet[at];
      if (length > k_longest_label) return false;
      on_wire += 1 + length;
      if (on_wire > k_longest_name || at + 1 + length > packet.size()) return false;
      ++at;
      if (length == 0) return true;
      if (query.text_size_ > 0) query.text_[query.text_size_++] = '.';
      for (std::size_t i = 0; i < length; ++i) {
        query.plain_ = query.plain_ && is_name_byte(packet[at + i]);
        query.text_[query.text_size_++] = lower_octet(packet[at + i]);
      }
      at += length;
      ++query.labels_;
    }
  }

  bool read_question() noexcept {
    const std::size_t start = at;
    if (!read_name() || at + 4 > packet.size()) return false;
    query.type = read16(packet, at);
    query.record_class = read16(packet, at + 2);
    at += 4;
    query.question = packet.subspan(start, at - start);
    return true;
  }

  // One record behind the question. Only OPT means something to us.
  bool read_record(bool additional) noexcept {
    const bool at_root = at < packet.size() && packet[at] == 0;
    const auto end = skip_name(packet, at);
    if (!end || *end + 10 > packet.size()) return false;
    const std::uint16_t type = read16(packet, *end);
    const std::size_t data_size = read16(packet, *end + 8);
    if (*end + 10 + data_size > packet.size()) return false;
    if (type == k_type_opt) {
      if (!additional || !at_root || query.has_edns) return false;
      query.has_edns = true;
      query.udp_size =
          std::clamp<std::uint16_t>(read16(packet, *end + 2), k_plain_udp_size, k_largest_udp_size);
    }
    at = *end + 10 + data_size;
    return true;
  }

  bool read_records(std::size_t count, bool additional) noexcept {
    if (count * k_smallest_record > packet.size() - at) return false;
    for (std::size_t i = 0; i < count; ++i)
      if (!read_record(additional)) return false;
    return true;
  }
};

ParsedQuery parse_query(Bytes packet, Query& query) noexcept {
  query = Query{};
  if (packet.size() < k_header_size) return {Intake::ignore};
  query.id = read16(packet, 0);
  query.flags = read16(packet, 2);
  if ((query.flags & k_flag_response) != 0) return {Intake::ignore};
  if ((query.flags & k_mask_opcode) != 0) return {Intake::refuse, Rcode::not_implemented};
  QueryReader reader{packet, query};
  if (read16(packet, 4) != 1 || !reader.read_question()) {
    query.question = {};
    return {Intake::refuse, Rcode::format_error};
  }
  if (!reader.read_records(read16(packet, 6), false) || !reader.read_records(read16(packet, 8), false) ||
      !reader.read_records(read16(packet, 10), true))
    return {Intake::refuse, Rcode::format_error};
  return {Intake::query};
}

Rcode rcode_of(Bytes answer) noexcept {
  return static_cast<Rcode>(answer[3] & 15U);
}
bool is_truncated(Bytes answer) noexcept {
  return (read16(answer, 2) & k_flag_truncated) != 0;
}
void set_id(std::span<std::uint8_t> message, std::uint16_t id) noexcept {
  message[0] = static_cast<std::uint8_t>(id >> 8U);
  message[1] = static_cast<std::uint8_t>(id);
}

bool answers(Bytes answer, Bytes query) noexcept {
  if (answer.size() < k_header_size || query.size() < k_header_size) return false;
  const std::uint16_t flags = read16(answer, 2);
  if (read16(answer, 0) != read16(query, 0) || (flags & k_flag_response) == 0 || (flags & k_mask_opcode) != 0)
    return false;
  const auto question_end = skip_name(query, k_header_size);
  if (!question_end || *question_end + 4 > query.size()) return false;
  const std::size_t size = *question_end + 4 - k_header_size;
  // Some servers leave the question out of a refusal.
  if (read16(answer, 4) == 0)
    return rcode_of(answer) != Rcode::no_error && rcode_of(answer) != Rcode::name_error;
  if (read16(answer, 4) != 1 || answer.size() < k_header_size + size) return false;
  return std::ranges::equal(answer.subspan(k_header_size, size), query.subspan(k_header_size, size));
}

ResponseWriter::ResponseWriter(std::span<std::uint8_t> buffer, std::size_t limit, const Query& query) noexcept
    : buffer_(buffer),
      limit_(std::min(limit, buffer.size()) - (query.has_edns ? k_opt_size : 0)),
      query_(query) {
  size_ = k_header_size;
  put(query.question);
}

void ResponseWriter::put(Bytes bytes) noexcept {
  if (bytes.empty()) return;
  std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void ResponseWriter::put16(std::uint16_t value) noexcept {
  buffer_[size_++] = static_cast<std::uint8_t>(value >> 8U);
  buffer_[size_++] = static_cast<std::uint8_t>(value);
}

void ResponseWriter::put32(std::uint32_t value) noexcept {
  put16(static_cast<std::uint16_t>(value >> 16U));
  put16(static_cast<std::uint16_t>(value));
}

void ResponseWriter::add_record(std::uint16_t type, Bytes data, std::uint32_t ttl) noexcept {
  if (truncated_ || size_ + 12 + data.size() > limit_) {
    truncated_ = true;
    return;
  }
  put16(0xc000U | k_header_size);  // the name of the question
  put16(type);
  put16(k_class_in);
  put32(ttl);
  put16(static_cast<std::uint16_t>(data.size()));
  put(data);
  ++answers_;
}

void ResponseWriter::add_pointer(std::string_view name, std::uint32_t ttl) noexcept {
  std::array<std::uint8_t, k_longest_name> wire;
  std::size_t size = 0;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > k_longest_label || size + 1 + dot + 1 > wire.size()) return;  // not a name
    wire[size++] = static_cast<std::uint8_t>(dot);
    std::memcpy(wire.data() + size, name.data(), dot);
    size += dot;
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  wire[size++] = 0;
  add_record(k_type_ptr, {wire.data(), size}, ttl);
}

Bytes ResponseWriter::finish() noexcept {
  if (query_.has_edns) {
    const std::uint8_t root = 0;
    put({&root, 1});
    put16(k_type_opt);
    put16(k_largest_udp_size);
    put32(0);
    put16(0);
  }
  const std::size_t end = size_;
  std::uint16_t flags = k_flag_response | k_flag_recursion_available;
  flags = static_cast<std::uint16_t>(flags | (query_.flags & (k_flag_recursion_desired | k_mask_opcode)));
  if (authoritative_) flags |= k_flag_authoritative;
  if (truncated_) flags |= k_flag_truncated;
  size_ = 0;
  put16(query_.id);
  put16(static_cast<std::uint16_t>(flags | static_cast<std::uint16_t>(rcode_)));
  put16(query_.question.empty() ? 0 : 1);
  put16(answers_);
  put16(0);
  put16(query_.has_edns ? 1 : 0);
  size_ = end;
  return {buffer_.data(), end};
}

std::optional<Ipv4> reverse_ipv4(std::string_view name) noexcept {
  constexpr std::string_view suffix = ".in-addr.arpa";
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  Ipv4 address{};
  for (std::size_t i = 4; i-- > 0;) {
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < name.size() && digits < 3 && name[digits] >= '0' && name[digits] <= '9')
      value = value * 10 + static_cast<unsigned>(name[digits++] - '0');
    if (digits == 0 || value > 255) return std::nullopt;
    address[i] = static_cast<std::uint8_t>(value);
    name.remove_prefix(digits);
    if (i == 0) break;
    if (!name.starts_with('.')) return std::nullopt;
    name.remove_prefix(1);
  }
  if (!name.empty()) return std::nullopt;
  return address;
}

std::optional<Ipv6> reverse_ipv6(std::string_view name) noexcept {
  constexpr std::string_view suffix = "ip6.arpa";
  if (!name.ends_with(suffix) || name.size() != 64 + suffix.size()) return std::nullopt;
  Ipv6 address{};
  for (std::size_t i = 0; i < 32; ++i) {
    const int nibble = base::hex_digit(name[2 * i]);
    if (name[2 * i + 1] != '.' || nibble < 0) return std::nullopt;
    auto& byte = address[15 - i / 2];
    byte = static_cast<std::uint8_t>(byte | (i % 2 == 0 ? nibble : nibble << 4));
  }
  return address;
}

}  // namespace compose::net::dns
