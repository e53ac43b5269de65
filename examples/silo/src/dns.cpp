#include "dns.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <string_view>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

namespace silo {
namespace {

constexpr std::uint16_t k_type_a = 1;
constexpr std::uint16_t k_type_ptr = 12;
constexpr int k_most_jumps = 16;  // compression pointers followed in one name

using Message = std::vector<std::uint8_t>;

void put16(Message& message, unsigned value) {
  message.push_back(static_cast<std::uint8_t>(value >> 8U));
  message.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

Message make_query(std::uint16_t id, const std::string& name, std::uint16_t type) {
  Message message;
  for (const unsigned field : {unsigned{id}, 0x0100U, 1U, 0U, 0U, 0U}) put16(message, field);
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    message.push_back(static_cast<std::uint8_t>(label.size()));
    message.insert(message.end(), label.begin(), label.end());
    rest.remove_prefix(label.size() == rest.size() ? label.size() : label.size() + 1);
  }
  message.push_back(0);
  put16(message, type);
  put16(message, 1);
  return message;
}

// Reads an answer front to back; after a read beyond the end `ok` is false and every value 0.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  unsigned u8() {
    if (at_ >= bytes_.size()) ok_ = false;
    return ok_ ? bytes_[at_++] : 0U;
  }
  unsigned u16() {
    const unsigned high = u8();
    return high << 8U | u8();
  }
  std::string name() {
    std::string text;
    std::size_t resume = 0;
    for (int jumps = 0; ok_ && jumps < k_most_jumps;) {
      const unsigned length = u8();
      if (length == 0) break;
      if ((length & 0xc0U) == 0xc0U) {
        const std::size_t target = (length & 0x3fU) << 8U | u8();
        if (jumps++ == 0) resume = at_;
        at_ = target;
        continue;
      }
      if (!text.empty()) text += '.';
      for (unsigned i = 0; i < length; ++i) text += static_cast<char>(u8());
    }
    if (resume != 0) at_ = resume;
    return text;
  }
  void skip(std::size_t count) { at_ += count; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

Message ask(const Message& query, int timeout_ms) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(53);
  server.sin_addr.s_addr = htonl(0x7f00000b);
  Message answer(65535);
  ssize_t got = -1;
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0 &&
      ::send(fd, query.data(), query.size(), 0) >= 0 && ::poll(&waiting, 1, timeout_ms) == 1) {
    got = ::recv(fd, answer.data(), answer.size(), 0);
  }
  ::close(fd);
  answer.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return answer;
}

struct Record {
  std::size_t data_at = 0;
  std::size_t size = 0;
};

std::vector<Record> records_of_type(const Message& answer, std::uint16_t id, std::uint16_t type) {
  std::vector<Record> found;
  Reader reader{answer};
  if (reader.u16() != id || (reader.u16() & 0x800fU) != 0x8000U) return found;
  const unsigned questions = reader.u16();
  const unsigned answers = reader.u16();
  reader.skip(4);
  for (unsigned i = 0; i < questions; ++i) {
    reader.name();
    reader.skip(4);
  }
  for (unsigned i = 0; i < answers && reader.ok(); ++i) {
    reader.name();
    const unsigned record_type = reader.u16();
    reader.skip(6);
    const unsigned size = reader.u16();
    if (reader.ok() && record_type == type && reader.at() + size <= answer.size()) {
      found.push_back({.data_at = reader.at(), .size = size});
    }
    reader.skip(size);
  }
  return found;
}

std::uint16_t random_id() {
  std::uint16_t id = 0;
  if (::getrandom(&id, sizeof id, 0) != sizeof id) id = static_cast<std::uint16_t>(::getpid());
  return id;
}

}  // namespace

std::vector<Address> resolve(const std::string& name, int timeout_ms) {
  const std::uint16_t id = random_id();
  const Message answer = ask(make_query(id, name, k_type_a), timeout_ms);
  std::vector<Address> addresses;
  for (const Record& record : records_of_type(answer, id, k_type_a)) {
    if (record.size != sizeof(Address)) continue;
    Address address = 0;
    std::memcpy(&address, answer.data() + record.data_at, sizeof address);
    addresses.push_back(address);
  }
  return addresses;
}

std::optional<std::string> name_of(Address address, int timeout_ms) {
  const std::uint16_t id = random_id();
  const std::string reversed = to_text(__builtin_bswap32(address));
  const Message answer = ask(make_query(id, reversed + ".in-addr.arpa", k_type_ptr), timeout_ms);
  const auto records = records_of_type(answer, id, k_type_ptr);
  if (records.empty()) return std::nullopt;
  Reader reader{answer};
  reader.skip(records.front().data_at);
  const std::string full = reader.name();
  return full.substr(0, full.find('.'));
}

std::string to_text(Address address) {
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

}  // namespace silo
