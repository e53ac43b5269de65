#include "images/registry/stream.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/sys.hpp"

namespace compose::images {
namespace {

using base::fail;
using std::chrono::milliseconds;

// Fewer bytes than these in a whole stall time-out are as good as none.
constexpr std::size_t k_least_bytes = 512;

template <class... A>
[[noreturn]] void network_error(base::TextFormat<std::type_identity_t<A>...> format, const A&... arguments) {
  throw NetworkError(base::text(format, arguments...));
}

std::string tls_error() {
  const auto code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* reason = ::ERR_reason_error_string(code);
  return reason == nullptr ? "unknown TLS failure" : reason;
}

bool is_not_tls(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

std::unique_ptr<addrinfo, FreeAddresses> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int result = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (result == EAI_NONAME || result == EAI_ADDRFAMILY) {  // only loopback is there: its addresses do
    hints.ai_flags = 0;
    result = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  }
  if (result != 0) network_error("look up '{}': {}", host, ::gai_strerror(result));
  return std::unique_ptr<addrinfo, FreeAddresses>{list};
}

}  // namespace

// ---- whom to believe ----

TlsContext::TlsContext(const TlsSettings& settings) : context_(::SSL_CTX_new(::TLS_client_method())) {
  if (context_ == nullptr) fail("set up TLS: {}", tls_error());
  ::SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_default_verify_paths(context_.get());
  for (const auto& file : settings.authorities)
    if (::SSL_CTX_load_verify_file(context_.get(), file.c_str()) != 1)
      fail("read certificates from '{}': {}", file.str(), tls_error());
  if (!settings.certificate.empty() &&
      (::SSL_CTX_use_certificate_chain_file(context_.get(), settings.certificate.c_str()) != 1 ||
       ::SSL_CTX_use_PrivateKey_file(context_.get(), settings.key.c_str(), SSL_FILETYPE_PEM) != 1))
    fail("read our certificate from '{}' and '{}': {}", settings.certificate.str(), settings.key.str(),
         tls_error());
  ::SSL_CTX_set_verify(context_.get(), settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  ::ERR_clear_error();
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept {
  ::SSL_CTX_free(context);
}

// ---- connecting ----

Stream::Stream(const std::string& host, std::uint16_t port, const StreamSettings& settings)
    : settings_(settings), peer_(base::text("{}:{}", host, port)), window_began_(Clock::now()) {
  connect(host, port);
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::~Stream() {
  if (tls_ == nullptr) return;
  ::SSL_free(tls_);
  ::ERR_clear_error();
}

void Stream::connect(const std::string& host, std::uint16_t port) {
  const auto addresses = look_up(host, port);
  std::string last = "there is no address";
  for (const auto* a = addresses.get(); a != nullptr; a = a->ai_next) {
    fd_ = base::sys::make_socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK, a->ai_protocol);
    int result = ::connect(fd_.get(), a->ai_addr, a->ai_addrlen);
    if (result != 0 && errno == EINPROGRESS) {
      ::pollfd ready{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
      const auto limit = static_cast<int>(settings_.connect_timeout.count());
      if (base::retry_eintr([&] { return ::poll(&ready, 1, limit); }) == 0) {
        last = base::text("no answer within {} ms", limit);
        continue;
      }
      int code = 0;
      socklen_t size = sizeof code;
      ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
      errno = code;
      result = code == 0 ? 0 : -1;
    }
    if (result == 0) return;
    last = base::error_text(errno);
  }
  fd_ = {};
  network_error("connect to {}: {}", peer_, last);
}

void Stream::wait(short events, Clock::time_point deadline, const char* doing) const {
  ::pollfd ready{.fd = fd_.get(), .events = events, .revents = 0};
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count() + 1;
  const int result =
      left <= 0 ? 0 : base::retry_eintr([&] { return ::poll(&ready, 1, static_cast<int>(left)); });
  if (result == 0)
    network_error("{} {}: it stalled for {} ms", doing, peer_, settings_.stall_timeout.count());
}

void Stream::start_tls(const TlsContext& context, const std::string& name, bool verify) {
  tls_ = ::SSL_new(context.get());
  if (tls_ == nullptr || ::SSL_set_fd(tls_, fd_.get()) != 1) fail("set up TLS: {}", tls_error());
  in6_addr ignored{};
  const bool is_address =
      ::inet_pton(AF_INET, name.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
  if (!is_address && ::SSL_set_tlsext_host_name(tls_, name.c_str()) != 1) fail("set up TLS: {}", tls_error());
  if (verify) {
    auto* parameters = ::SSL_get0_param(tls_);
    const int set = is_address ? ::X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                               : ::X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), 0);
    if (set != 1) fail("set up TLS: {}", tls_error());
  }
  handshake(name);
}

void Stream::handshake(const std::string& name) {
  const auto deadline = Clock::now() + settings_.connect_timeout;
  for (;;) {
    ::ERR_clear_error();
    const int result = ::SSL_connect(tls_);
    if (result == 1) return;
    const int error = ::SSL_get_error(tls_, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
      wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline, "start TLS with");
      continue;
    }
    const auto code = ::ERR_peek_error();
    if (error == SSL_ERROR_SYSCALL)
      network_error("start TLS with {}: the server closed the connection", peer_);
    if (const long verdict = ::SSL_get_verify_result(tls_); verdict != X509_V_OK)
      fail("the certificate of '{}' is not trusted: {}", name, ::X509_verify_cert_error_string(verdict));
    auto reason = tls_error();
    if (is_not_tls(code)) throw NotTls(base::text("{} does not speak TLS: {}", peer_, reason));
    fail("start TLS with {}: {}", peer_, reason);
  }
}

// ---- bytes ----

std::size_t Stream::read_tls(std::span<char> into) {
  const auto deadline = Clock::now() + settings_.stall_timeout;
  for (;;) {
    ::ERR_clear_error();
    std::size_t got = 0;
    const int result = ::SSL_read_ex(tls_, into.data(), into.size(), &got);
    if (result == 1) return got;
    const int error = ::SSL_get_error(tls_, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
      wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline, "read from");
    } else if (error == SSL_ERROR_ZERO_RETURN) {
      return 0;
    } else {
      network_error("read from {}: {}", peer_,
                    error == SSL_ERROR_SYSCALL ? "the connection broke" : tls_error().c_str());
    }
  }
}

std::size_t Stream::read_once(std::span<char> into) {
  if (tls_ != nullptr) return read_tls(into);
  const auto deadline = Clock::now() + settings_.stall_timeout;
  for (;;) {
    const auto got = base::retry_eintr([&] { return ::recv(fd_.get(), into.data(), into.size(), 0); });
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN) network_error("read from {}: {}", peer_, base::error_text(errno));
    wait(POLLIN, deadline, "read from");
  }
}

std::size_t Stream::read(std::span<char> into) {
  const auto got = read_once(into);
  watch_speed(got);
  return got;
}

// A byte now and then must not keep us here for ever.
void Stream::watch_speed(std::size_t bytes) {
  window_bytes_ += bytes;
  const auto now = Clock::now();
  if (window_bytes_ >= k_least_bytes) {
    window_bytes_ = 0;
    window_began_ = now;
  } else if (now - window_began_ > settings_.stall_timeout && bytes != 0) {
    network_error("read from {}: only {} bytes in {} ms", peer_, window_bytes_,
                  std::chrono::duration_cast<milliseconds>(now - window_began_).count());
  }
}

std::size_t Stream::write_once(std::string_view bytes) {
  const auto deadline = Clock::now() + settings_.stall_timeout;
  for (;;) {
    int error = SSL_ERROR_WANT_WRITE;
    if (tls_ != nullptr) {
      ::ERR_clear_error();
      std::size_t put = 0;
      const int result = ::SSL_write_ex(tls_, bytes.data(), bytes.size(), &put);
      if (result == 1) return put;
      error = ::SSL_get_error(tls_, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        network_error("write to {}: the connection broke", peer_);
    } else {
      const auto put =
          base::retry_eintr([&] { return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno != EAGAIN) network_error("write to {}: {}", peer_, base::error_text(errno));
    }
    wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline, "write to");
  }
}

void Stream::write(std::string_view bytes) {
  while (!bytes.empty()) bytes.remove_prefix(write_once(bytes));
  window_began_ = Clock::now();  // the answer gets a time of its own
  window_bytes_ = 0;
}

bool Stream::is_stale() const {
  ::pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) != 0;
}

}  // namespace compose::images
