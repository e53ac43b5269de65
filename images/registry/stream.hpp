#pragma once
// One connection to a server, plain or TLS, read and written by blocking calls that end: with bytes, or with
// an Error. A server that does not answer, or answers so slowly that it must be broken, is an Error too.
// OpenSSL is seen by stream.cpp alone.
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/unique_fd.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace compose::images {

// The network or the server failed in a way that may pass: asking again makes sense.
class NetworkError final : public base::Error {
 public:
  using base::Error::Error;
};

// The server does not speak TLS.
class NotTls final : public base::Error {
 public:
  using base::Error::Error;
};

// Whom to believe, and who we are.
struct TlsSettings {
  bool verify = true;
  std::vector<base::HostPath> authorities;  // PEM files, beside those of the system
  base::HostPath certificate;               // of ours; "" none
  base::HostPath key;
};

struct StreamSettings {
  std::chrono::milliseconds connect_timeout{10'000};  // for each address of the server
  std::chrono::milliseconds stall_timeout{30'000};    // without a byte, or with hardly any
};

class TlsContext {
 public:
  explicit TlsContext(const TlsSettings& settings);
  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

class Stream {
 public:
  // NetworkError: "connect to registry.example:443: Connection refused".
  Stream(const std::string& host, std::uint16_t port, const StreamSettings& settings);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // From now on it is TLS with the server `name`. NotTls when it is not.
  void start_tls(const TlsContext& context, const std::string& name, bool verify);

  std::size_t read(std::span<char> into);  // 0: the server has closed
  void write(std::string_view bytes);
  // Has the server closed, or sent something nobody asked for? Then the connection is not used again.
  [[nodiscard]] bool is_stale() const;

 private:
  using Clock = std::chrono::steady_clock;
  void connect(const std::string& host, std::uint16_t port);
  void wait(short events, Clock::time_point deadline, const char* doing) const;
  std::size_t read_once(std::span<char> into);
  std::size_t read_tls(std::span<char> into);
  std::size_t write_once(std::string_view bytes);
  void handshake(const std::string& name);
  void watch_speed(std::size_t bytes);
  [[nodiscard]] std::string peer() const { return peer_; }

  StreamSettings settings_;
  std::string peer_;  // "host:port"
  base::UniqueFd fd_;
  ssl_st* tls_ = nullptr;
  Clock::time_point window_began_;
  std::size_t window_bytes_ = 0;
};

}  // namespace compose::images
