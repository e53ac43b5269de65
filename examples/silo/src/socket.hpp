#pragma once
// Sockets and lines of text, as little as silo and client need. Everything is non-blocking and closes itself.
#include <string>
#include <utility>

#include "dns.hpp"

namespace silo {

constexpr std::uint16_t k_silo_port = 10300;     // silo to silo
constexpr std::uint16_t k_gateway_port = 10400;  // clients and status questions

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Socket listen_on(std::uint16_t port);                       // ends the program where the port is taken
Socket accept_from(const Socket& listener);                 // empty where nobody waits
Socket start_connect(Address address, std::uint16_t port);  // completes later: writable
bool connected(const Socket& socket);                       // after writable: did it work
void send_line(const Socket& socket, const std::string& line);

// Appends what has arrived; false when the other side has gone.
bool receive(const Socket& socket, std::string& into);
// Takes the first whole line off `text`; nullopt where there is none yet.
std::optional<std::string> take_line(std::string& text);

// Connects, sends one line, returns the line that comes back; nullopt on any trouble or after `timeout_ms`.
std::optional<std::string> ask_line(Address address, std::uint16_t port, const std::string& line,
                                    int timeout_ms);

// The address of this container on its network.
Address own_address();

std::int64_t now_ms();  // monotonic

}  // namespace silo
