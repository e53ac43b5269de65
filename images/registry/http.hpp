#pragma once
// HTTP/1.1 requests, one after the other, over connections that are kept and used again. Redirects are
// followed for GET and HEAD, without credentials as soon as they lead to another server; proxies are spoken
// to as the environment says. Boost.Beast is seen by http.cpp alone.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "images/archive/byte_source.hpp"
#include "images/registry/proxy.hpp"
#include "images/registry/stream.hpp"
#include "images/registry/url.hpp"

namespace compose::images {

// What is sent with a request. Made anew when the request has to be sent again.
struct HttpBody {
  std::uint64_t size = 0;
  std::function<std::unique_ptr<ByteSource>()> open;
};

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<HttpBody> body;
  std::uint64_t answer_limit = 4U << 20U;  // bytes of an answer that is kept in memory
};

struct HttpResponse {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  // names lowercase; several values joined by ", "
  std::string body;                            // unless a sink took it
  Url url;                                     // that answered, after redirects
  [[nodiscard]] bool success() const noexcept { return status >= 200 && status < 300; }
  [[nodiscard]] std::string header(const std::string& lowercase_name) const;  // "" when absent
};

// Where the body of an answer goes; nullptr: into HttpResponse::body.
using ChooseSink = std::function<ByteSink*(const HttpResponse& head)>;

struct HttpSettings {
  StreamSettings stream;
  ProxySettings proxies;
  // How to speak TLS with a server ("host" or "host:port").
  std::function<TlsSettings(const std::string& authority)> tls;
  std::string user_agent = "compose/" COMPOSE_VERSION;
};

class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is an answer; Error: there was none. NetworkError: asking again may help.
  HttpResponse send(const HttpRequest& request, const ChooseSink& sink = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace compose::images
