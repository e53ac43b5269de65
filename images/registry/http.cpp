#include "images/registry/http.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "base/text.hpp"
#include "images/registry/base64.hpp"

namespace compose::images {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using base::fail;

constexpr int k_max_redirects = 5;
constexpr std::uint32_t k_max_head = 64U << 10U;
constexpr std::size_t k_block = 256U << 10U;
constexpr int k_max_interim = 5;  // 1xx answers before the real one

// Our stream with the face that Beast reads from.
class BeastStream {
 public:
  explicit BeastStream(Stream& stream) noexcept : stream_(stream) {}

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    beast::error_code error;
    const auto got = read_some(buffers, error);
    if (error) throw beast::system_error{error};
    return got;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, beast::error_code& error) {
    error = {};
    const boost::asio::mutable_buffer first = *boost::asio::buffer_sequence_begin(buffers);
    const auto got = stream_.read({static_cast<char*>(first.data()), first.size()});
    if (got == 0) error = boost::asio::error::eof;
    return got;
  }

 private:
  Stream& stream_;
};

[[noreturn]] void bad_answer(const Url& url, const beast::error_code& error) {
  const auto closed = error == http::error::end_of_stream || error == http::error::partial_message ||
                      error == boost::asio::error::eof;
  const auto doing = base::text("read the answer of {}", url.authority());
  if (closed) throw NetworkError(doing + ": the server closed the connection too early");
  fail("{}: {}", doing, error.message());
}

// A connection and what it is for.
struct Connection {
  Connection(const std::string& host, std::uint16_t port, const StreamSettings& settings)
      : stream(host, port, settings) {}
  Stream stream;
  beast::flat_buffer buffer{k_max_head + k_block};
  bool used = false;  // before this request
};

// Its errors: by exception from the stream, as `error` from Beast.
class Exchange {
 public:
  Exchange(Connection& connection, const HttpRequest& request)
      : connection_(connection), request_(request), stream_(connection.stream) {}

  HttpResponse run(const std::string& head, const ChooseSink& choose) {
    send(head);
    HttpResponse response{.url = request_.url};
    for (int interim = 0; interim <= k_max_interim; ++interim) {
      parser_.emplace();
      parser_->header_limit(k_max_head);
      parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
      parser_->skip(request_.method == "HEAD");
      beast::error_code error;
      http::read_header(stream_, connection_.buffer, *parser_, error);
      if (error) bad_answer(request_.url, error);
      answered_ = true;
      response.status = parser_->get().result_int();
      if (response.status >= 200 || response.status == 101) break;
    }
    for (const auto& field : parser_->get()) {
      auto& value =
          response.headers[base::lower_case({field.name_string().data(), field.name_string().size()})];
      if (!value.empty()) value += ", ";
      value.append(field.value().data(), field.value().size());
    }
    read_body(response, choose);
    return response;
  }

  [[nodiscard]] bool answered() const { return answered_; }
  [[nodiscard]] bool reusable() const {
    return sent_ && parser_ && parser_->is_done() && parser_->keep_alive() && connection_.buffer.size() == 0;
  }

 private:
  // A server may answer before it has read everything, and close: then its answer is worth more than EPIPE.
  void send(const std::string& head) {
    connection_.stream.write(head);
    if (request_.body) {
      try {
        std::uint64_t size = 0;
        const auto source = request_.body->open();
        for (auto bytes = source->read(); !bytes.empty(); bytes = source->read()) {
          size += bytes.size();
          if (size > request_.body->size)
            fail("send to {}: the body grew while it was sent", request_.url.authority());
          connection_.stream.write(bytes);
        }
        if (size != request_.body->size)
          fail("send to {}: the body shrank while it was sent", request_.url.authority());
      } catch (const NetworkError&) {
        return;  // sent_ stays false; if there is no answer either, reading says so
      }
    }
    sent_ = true;
  }

  void read_body(HttpResponse& response, const ChooseSink& choose) {
    ByteSink* sink = choose ? choose(response) : nullptr;
    std::vector<char> block(k_block);
    while (!parser_->is_done()) {
      auto& body = parser_->get().body();
      body.data = block.data();
      body.size = block.size();
      body.more = true;
      beast::error_code error;
      http::read_some(stream_, connection_.buffer, *parser_, error);
      const std::string_view bytes{block.data(), block.size() - parser_->get().body().size};
      if (sink != nullptr) {
        sink->write(bytes);
      } else if (response.body.size() + bytes.size() > request_.answer_limit) {
        fail("the answer of {} is larger than {} bytes", response.url.authority(), request_.answer_limit);
      } else {
        response.body.append(bytes);
      }
      if (error && error != http::error::need_buffer) bad_answer(response.url, error);
    }
  }

  Connection& connection_;
  const HttpRequest& request_;
  BeastStream stream_;
  std::optional<http::parser<false, http::buffer_body>> parser_;
  bool answered_ = false;
  bool sent_ = false;
};

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void no_line_breaks(std::string_view value) {
  if (std::ranges::any_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }))
    fail("a header must not contain a line break");
}

}  // namespace

std::string HttpResponse::header(const std::string& lowercase_name) const {
  const auto found = headers.find(lowercase_name);
  return found == headers.end() ? "" : found->second;
}

struct HttpClient::Parts {
  HttpSettings settings;
  std::map<std::string, std::unique_ptr<Connection>> idle;  // by "https://host:port"
  std::map<std::string, std::unique_ptr<TlsContext>> tls;   // by authority
  std::map<std::string, TlsSettings> tls_settings;

  static std::string key(const Url& url) { return (url.tls ? "https://" : "http://") + url.authority(); }

  void start_tls(Stream& stream, const Url& url) {
    const auto authority = url.authority();
    auto& context = tls[authority];
    auto& how = tls_settings[authority];
    if (!context) {
      if (settings.tls) how = settings.tls(authority);
      context = std::make_unique<TlsContext>(how);
    }
    stream.start_tls(*context, url.host, how.verify);
  }

  // A tunnel through the proxy.
  void connect_through(Connection& connection, const Url& proxy, const Url& url) const {
    const auto target = base::text(
        "{}:{}", url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]", url.port);
    auto head = base::text("CONNECT {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", target, target,
                           settings.user_agent);
    head += proxy_authorization(proxy) + "\r\n";
    connection.stream.write(head);
    http::parser<false, http::buffer_body> parser;
    parser.skip(true);  // the tunnel begins right behind the head
    BeastStream stream{connection.stream};
    beast::error_code error;
    http::read_header(stream, connection.buffer, parser, error);
    if (error) bad_answer(proxy, error);
    if (parser.get().result_int() / 100 != 2)
      fail("the proxy {} does not connect to {}: status {}", proxy.authority(), target,
           parser.get().result_int());
    // Whoever is on the way could have written it, and it would be read as if it came through TLS.
    if (connection.buffer.size() != 0)
      fail("the proxy {} sends something before the tunnel begins", proxy.authority());
  }

  static std::string proxy_authorization(const Url& proxy) {
    if (proxy.user.empty()) return "";
    return "Proxy-Authorization: Basic " + base64_encode(proxy.user + ":" + proxy.password) + "\r\n";
  }

  std::unique_ptr<Connection> connection_to(const Url& url, const std::optional<Url>& proxy) {
    auto& kept = idle[key(url)];
    if (kept && !kept->stream.is_stale()) {
      kept->used = true;
      return std::move(kept);
    }
    kept.reset();
    const Url& first = proxy ? *proxy : url;
    auto fresh = std::make_unique<Connection>(first.host, first.port, settings.stream);
    if (proxy && proxy->tls) start_tls(fresh->stream, *proxy);
    if (proxy && url.tls) connect_through(*fresh, *proxy, url);
    if (url.tls) {
      if (proxy && proxy->tls)
        fail("a proxy that itself speaks TLS is not supported for https: '{}'", proxy->text());
      start_tls(fresh->stream, url);
    }
    return fresh;
  }

  std::string head_of(const HttpRequest& request, const std::optional<Url>& proxy) const {
    const bool plain_proxy = proxy && !request.url.tls;
    auto head = base::text("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", request.method,
                           plain_proxy ? request.url.text() : request.url.target, request.url.authority(),
                           settings.user_agent);
    if (plain_proxy) head += proxy_authorization(*proxy);
    for (const auto& [name, value] : request.headers) {
      no_line_breaks(value);
      head += name + ": " + value + "\r\n";
    }
    if (request.body)
      head += base::text("Content-Length: {}\r\n", request.body->size);
    else if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
      head += "Content-Length: 0\r\n";
    return head + "\r\n";
  }

  HttpResponse once(const HttpRequest& request, const ChooseSink& sink) {
    const auto proxy = proxy_for(settings.proxies, request.url);
    for (;;) {
      auto connection = connection_to(request.url, proxy);
      Exchange exchange{*connection, request};
      try {
        auto response = exchange.run(head_of(request, proxy), sink);
        if (exchange.reusable()) idle[key(request.url)] = std::move(connection);
        return response;
      } catch (const NetworkError&) {
        // A kept connection may have been closed while the request was on its way.
        if (!connection->used || exchange.answered()) throw;
      }
    }
  }
};

HttpClient::HttpClient(HttpSettings settings) : parts_(std::make_unique<Parts>()) {
  parts_->settings = std::move(settings);
}
HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request, const ChooseSink& sink) {
  auto next = request;
  const auto choose = [&](const HttpResponse& head) -> ByteSink* {
    return sink && !is_redirect(head.status) ? sink(head) : nullptr;
  };
  for (int redirects = 0;; ++redirects) {
    auto response = parts_->once(next, choose);
    const auto location = response.header("location");
    const bool may_follow = request.method == "GET" || request.method == "HEAD";
    if (!is_redirect(response.status) || location.empty() || !may_follow) return response;
    if (redirects == k_max_redirects)
      fail("{} redirects more than {} times", request.url.authority(), k_max_redirects);
    auto target = resolve_url(next.url, location);
    if (next.url.tls && !target.tls)
      fail("{} redirects from https to http: '{}'", next.url.authority(), target.text());
    if (!target.same_origin(next.url))
      std::erase_if(next.headers,
                    [](const auto& header) { return base::lower_case(header.first) == "authorization"; });
    next.url = std::move(target);
  }
}

}  // namespace compose::images
