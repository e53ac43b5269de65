#include "net/dns/upstream.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

namespace compose::net::dns {

using base::UniqueFd;

namespace {

constexpr std::int64_t k_patience = 4000;              // milliseconds for one server
constexpr std::int64_t k_resolv_conf_interval = 1000;  // between two looks at it
constexpr std::size_t k_most_servers = 3;
constexpr std::size_t k_most_pending = 1024;

std::uint16_t random_id() noexcept {
  std::uint16_t id = 0;
  while (::getrandom(&id, sizeof id, 0) != sizeof id) {
  }
  return id;
}

}  // namespace

struct Upstream::Pending {
  Asker asker;
  std::uint16_t asker_id = 0;
  std::vector<std::uint8_t> query;    // with our id
  std::vector<std::uint8_t> refusal;  // the last one, for when no server does better
  UniqueFd socket;
  bool tcp = false;
  std::vector<std::uint8_t> incoming;  // TCP: length and answer as far as they have come
  std::size_t sent = 0;                // TCP: of length and query
  UpstreamServer server;               // the one asked now
  std::size_t first_server = 0;        // index of the first one asked
  std::size_t servers_tried = 0;
  std::int64_t asked_at = 0;
  std::int64_t deadline = 0;
};

std::optional<UpstreamServer> parse_server(const std::string& text, std::uint16_t port) {
  UpstreamServer server;
  auto& v4 = reinterpret_cast<sockaddr_in&>(server.address);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    server.size = sizeof v4;
    return server;
  }
  const auto percent = text.find('%');
  auto& v6 = reinterpret_cast<sockaddr_in6&>(server.address);
  if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (percent != std::string::npos) v6.sin6_scope_id = ::if_nametoindex(text.c_str() + percent + 1);
  server.size = sizeof v6;
  return server;
}

std::vector<UpstreamServer> parse_resolv_conf(std::string_view text, std::uint16_t port) {
  std::vector<UpstreamServer> servers;
  while (!text.empty() && servers.size() < k_most_servers) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    constexpr std::string_view keyword = "nameserver";
    if (!line.starts_with(keyword)) continue;
    line.remove_prefix(keyword.size());
    const auto start = line.find_first_not_of(" \t");
    if (start == 0 || start == std::string_view::npos) continue;
    line.remove_prefix(start);
    line = line.substr(0, line.find_first_of(" \t\r#;"));
    if (const auto server = parse_server(std::string{line}, port)) servers.push_back(*server);
  }
  return servers;
}

Upstream::Upstream(int epoll, Options options, Deliver deliver)
    : epoll_(epoll), options_(std::move(options)), deliver_(std::move(deliver)) {
  if (options_.netns) own_netns_ = base::sys::open(base::HostPath{"/proc/thread-self/ns/net"}, O_RDONLY);
  for (const auto& text : options_.servers)
    if (const auto server = parse_server(text, options_.port); server && servers_.size() < k_most_servers)
      servers_.push_back(*server);
}

Upstream::~Upstream() = default;

void Upstream::read_servers(std::int64_t now) {
  if (!options_.servers.empty() || now - servers_read_ < k_resolv_conf_interval) return;
  servers_read_ = now;
  struct ::stat status {};
  if (::stat(options_.resolv_conf.c_str(), &status) != 0) return servers_.clear();
  const std::pair<std::uint64_t, std::int64_t> seen{
      status.st_ino, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  if (seen == resolv_conf_seen_) return;
  resolv_conf_seen_ = seen;
  preferred_ = 0;
  try {
    servers_ = parse_resolv_conf(base::read_file(options_.resolv_conf, 1U << 20U), options_.port);
  } catch (const base::Error&) {
    servers_.clear();  // unreadable: there is nobody to ask, as with an empty one
  }
}

UniqueFd Upstream::open_socket(int family, int type) const {
  const int flags = type | SOCK_CLOEXEC | SOCK_NONBLOCK;
  if (!options_.netns) return UniqueFd{::socket(family, flags, 0)};
  if (::setns(options_.netns.get(), CLONE_NEWNET) != 0) return {};
  UniqueFd socket{::socket(family, flags, 0)};
  if (::setns(own_netns_.get(), CLONE_NEWNET) != 0) std::abort();  // never go on in the container's namespace
  return socket;
}

void Upstream::drop_oldest() {
  Handle oldest;
  std::int64_t asked_at = std::numeric_limits<std::int64_t>::max();
  pending_.each([&](Handle handle, Pending& pending) {
    if (pending.asked_at >= asked_at) return;
    asked_at = pending.asked_at;
    oldest = handle;
  });
  if (auto* pending = pending_.find(oldest)) fail(oldest, *pending);
}

void Upstream::forward(Bytes packet, const Asker& asker, std::int64_t now) {
  read_servers(now);
  if (pending_.size() >= k_most_pending) drop_oldest();
  auto pending = std::make_unique<Pending>();
  pending->asker = asker;
  pending->asker_id = static_cast<std::uint16_t>((packet[0] << 8U) | packet[1]);
  pending->query.assign(packet.begin(), packet.end());
  pending->first_server = preferred_;
  pending->asked_at = now;
  Pending& added = *pending;
  ask(pending_.add(std::move(pending)), added, now);
}

// Asks the next server that can be asked at all; the asker hears of it when there is none left.
void Upstream::ask(Handle handle, Pending& pending, std::int64_t now) {
  while (pending.servers_tried < servers_.size()) {
    pending.server = servers_[(pending.first_server + pending.servers_tried++) % servers_.size()];
    set_id(pending.query, random_id());
    pending.deadline = now + k_patience;
    if (ask_server(handle, pending, false)) return;
  }
  fail(handle, pending);
}

bool Upstream::ask_server(Handle handle, Pending& pending, bool tcp) {
  const UpstreamServer& server = pending.server;
  pending.tcp = tcp;
  pending.sent = 0;
  pending.incoming.clear();
  pending.socket = open_socket(server.address.ss_family, tcp ? SOCK_STREAM : SOCK_DGRAM);
  if (!pending.socket) return false;
  const int connected =
      ::connect(pending.socket.get(), reinterpret_cast<const sockaddr*>(&server.address), server.size);
  if (connected != 0 && !(tcp && errno == EINPROGRESS)) return false;
  epoll_event event{};
  event.events = tcp ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = pack_event(EventKind::pending, handle);
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, pending.socket.get(), &event) != 0) return false;
  return tcp || ::send(pending.socket.get(), pending.query.data(), pending.query.size(), MSG_NOSIGNAL) >= 0;
}

// Over UDP an answer is no longer than the asker takes.
void Upstream::hand_over(Pending& pending, std::vector<std::uint8_t>& answer) {
  if (!pending.asker.tcp && answer.size() > pending.asker.udp_size)
    return hand_over_empty(pending, rcode_of(answer), true);
  set_id(answer, pending.asker_id);
  deliver_(pending.asker, answer);
}

void Upstream::hand_over_empty(Pending& pending, Rcode rcode, bool truncated) {
  set_id(pending.query, pending.asker_id);
  Query query;
  if (parse_query(pending.query, query).intake != Intake::query) return;
  std::array<std::uint8_t, k_plain_udp_size> room;
  ResponseWriter response{room, room.size(), query};
  response.set_rcode(rcode);
  if (truncated) response.set_truncated();
  deliver_(pending.asker, response.finish());
}

void Upstream::fail(Handle handle, Pending& pending) {
  if (pending.refusal.empty())
    hand_over_empty(pending, Rcode::server_failure, false);
  else
    hand_over(pending, pending.refusal);
  pending_.remove(handle);
}

void Upstream::on_event(Handle handle, std::int64_t now) {
  Pending* pending = pending_.find(handle);
  if (!pending) return;
  if (buffer_.empty()) buffer_.resize(k_largest_message);
  if (pending->tcp)
    on_tcp(handle, *pending, now);
  else
    on_udp(handle, *pending, now);
}

void Upstream::on_udp(Handle handle, Pending& pending, std::int64_t now) {
  for (;;) {
    const auto n = ::recv(pending.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return ask(handle, pending, now);  // nobody listens there
    const Bytes answer{buffer_.data(), static_cast<std::size_t>(n)};
    if (!answers(answer, pending.query)) continue;  // not from whom we asked, or not to this
    if (is_truncated(answer) && pending.asker.tcp) {
      pending.deadline = now + k_patience;
      if (!ask_server(handle, pending, true)) ask(handle, pending, now);
      return;
    }
    std::vector<std::uint8_t> copy{answer.begin(), answer.end()};
    return take(handle, pending, copy, now);
  }
}

void Upstream::on_tcp(Handle handle, Pending& pending, std::int64_t now) {
  const std::size_t total = pending.query.size() + 2;
  while (pending.sent < total) {
    std::vector<std::uint8_t> framed{static_cast<std::uint8_t>(pending.query.size() >> 8U),
                                     static_cast<std::uint8_t>(pending.query.size())};
    framed.insert(framed.end(), pending.query.begin(), pending.query.end());
    const auto n =
        ::send(pending.socket.get(), framed.data() + pending.sent, total - pending.sent, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return ask(handle, pending, now);
    pending.sent += static_cast<std::size_t>(n);
    if (pending.sent < total) continue;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = pack_event(EventKind::pending, handle);
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, pending.socket.get(), &event);
  }
  const auto n = ::recv(pending.socket.get(), buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return ask(handle, pending, now);
  auto& got = pending.incoming;
  got.insert(got.end(), buffer_.begin(), buffer_.begin() + n);
  if (got.size() < 2) return;
  const std::size_t size = static_cast<std::size_t>((got[0] << 8U) | got[1]);
  if (got.size() < 2 + size) return;
  std::vector<std::uint8_t> answer{got.begin() + 2, got.begin() + 2 + static_cast<std::ptrdiff_t>(size)};
  if (!answers(answer, pending.query)) return ask(handle, pending, now);
  take(handle, pending, answer, now);
}

void Upstream::take(Handle handle, Pending& pending, std::vector<std::uint8_t>& answer, std::int64_t now) {
  const Rcode rcode = rcode_of(answer);
  if (rcode != Rcode::no_error && rcode != Rcode::name_error) {
    pending.refusal = std::move(answer);
    return ask(handle, pending, now);
  }
  preferred_ =
      pending.first_server + pending.servers_tried - 1;  // taken modulo their number, which may change
  hand_over(pending, answer);
  pending_.remove(handle);
}

void Upstream::on_time(std::int64_t now) {
  pending_.each([&](Handle handle, Pending& pending) {
    if (pending.deadline <= now) ask(handle, pending, now);
  });
}

std::int64_t Upstream::next_deadline() const noexcept {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  pending_.each([&](Handle, const Pending& pending) { first = std::min(first, pending.deadline); });
  return first;
}

}  // namespace compose::net::dns
