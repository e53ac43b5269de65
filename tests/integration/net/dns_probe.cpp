#include "dns_probe.hpp"

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::net::testing {

namespace {

using Packet = std::vector<std::uint8_t>;

Packet question(std::string name, unsigned type) {
  Packet p{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  if (name.ends_with('.')) name.pop_back();
  for (std::size_t at = 0; at <= name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    p.push_back(static_cast<std::uint8_t>(dot - at));
    p.insert(p.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
             name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  p.push_back(0);
  for (const unsigned v : {type >> 8U, type & 255U, 0U, 1U}) p.push_back(static_cast<std::uint8_t>(v));
  return p;
}

// Answers of ours name their records with a pointer to the question, so that records have a fixed head of
// twelve bytes.
std::string describe(const Packet& answer, std::size_t question_size) {
  if (answer.size() < question_size) return "damaged";
  if ((answer[2] & 2) != 0) return "TRUNCATED";
  const int rcode = answer[3] & 15;
  if (rcode == 3) return "NXDOMAIN";
  if (rcode == 2) return "SERVFAIL";
  if (rcode != 0) return "rcode " + std::to_string(rcode);
  const int count = answer[6] * 256 + answer[7];
  std::string out;
  std::size_t at = question_size;
  for (int i = 0; i < count; ++i) {
    const std::size_t size = answer[at + 10] * 256U + answer[at + 11];
    char text[INET6_ADDRSTRLEN] = "?";
    if (size == 4 || size == 16)
      ::inet_ntop(size == 4 ? AF_INET : AF_INET6, &answer[at + 12], text, sizeof text);
    out += (i > 0 ? "," : "") + std::string{text};
    at += 12 + size;
  }
  return out.empty() ? "NODATA" : out;
}

base::UniqueFd connected(int type) {
  base::UniqueFd socket = base::sys::make_socket(AF_INET, type, 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(53);
  ::inet_pton(AF_INET, "127.0.0.11", &server.sin_addr);
  base::check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server),
              "connect to the resolver");
  return socket;
}

Packet receive(int socket) {
  pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, 5000) <= 0) return {};
  Packet answer(65536);
  const auto n = ::recv(socket, answer.data(), answer.size(), 0);
  answer.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return answer;
}

}  // namespace

std::string ask_udp(const std::string& name, unsigned type) {
  const auto socket = connected(SOCK_DGRAM);
  const Packet query = question(name, type);
  base::check(::send(socket.get(), query.data(), query.size(), 0), "ask");
  const Packet answer = receive(socket.get());
  return answer.empty() ? "timeout" : describe(answer, query.size());
}

std::string ask_tcp(const std::string& name, unsigned type) {
  const auto socket = connected(SOCK_STREAM);
  Packet query = question(name, type);
  const std::size_t size = query.size();
  query.insert(query.begin(), {static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)});
  base::check(::send(socket.get(), query.data(), query.size(), 0), "ask");
  Packet answer;
  while (answer.size() < 2 || answer.size() < 2 + answer[0] * 256U + answer[1]) {
    const Packet more = receive(socket.get());
    if (more.empty()) return "timeout";
    answer.insert(answer.end(), more.begin(), more.end());
  }
  answer.erase(answer.begin(), answer.begin() + 2);
  return describe(answer, size);
}

}  // namespace compose::net::testing
