#include "net/dns/resolver.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "net/dns/authority.hpp"
#include "net/dns/message.hpp"
#include "net/dns/tcp_service.hpp"
#include "net/dns/upstream.hpp"

namespace compose::net::dns {

namespace sys = base::sys;
using base::UniqueFd;

namespace {

constexpr std::size_t k_batch = 32;   // datagrams in one system call
constexpr int k_batches_at_once = 8;  // then the shim gets to do something else
constexpr int k_events_at_once = 64;
constexpr std::size_t k_query_room = 2048;  // longer questions than this are cut off, and refused as damaged

std::int64_t milliseconds_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// In front of an answer that goes out of the raw socket. The kernel fills in length, identification and
// header checksum; the UDP checksum may be left out in IPv4 (RFC 768), and the packet never leaves the
// machine.
struct RawHeader {
  iphdr ip;
  udphdr udp;
};
static_assert(sizeof(RawHeader) == 28);

// Memory for datagrams, made when the first one comes: most containers never ask for as much.
struct Datagrams {
  std::array<mmsghdr, k_batch> received{};
  std::array<mmsghdr, k_batch> sent{};
  std::array<iovec, k_batch> received_parts{};
  std::array<std::array<iovec, 2>, k_batch> sent_parts{};
  std::array<sockaddr_in, k_batch> askers{};
  std::array<RawHeader, k_batch> headers{};
  std::array<std::array<std::uint8_t, k_query_room>, k_batch> queries;
  std::array<std::array<std::uint8_t, k_largest_udp_size>, k_batch> answers;
};

std::vector<NamesView> open_views(const std::vector<JoinedNetwork>& networks) {
  std::vector<NamesView> views;
  for (const auto& network : networks)
    views.emplace_back(network.name, network.internal, NamesTable::open(network.names_table));
  return views;
}

Upstream::Options upstream_options(const ResolverOptions& options) {
  Upstream::Options upstream;
  upstream.servers = options.servers;
  if (!options.servers.empty() && options.netns >= 0) upstream.netns = sys::duplicate(options.netns);
  upstream.resolv_conf = options.resolv_conf;
  upstream.port = options.upstream_port;
  return upstream;
}

}  // namespace

struct Resolver::State {
  State(DnsSockets owned, const ResolverOptions& options)
      : sockets(std::move(owned)),
        epoll(sys::make_epoll()),
        timer(sys::make_timer_fd(CLOCK_MONOTONIC)),
        authority(open_views(options.networks),
                  {.hosts = options.hosts, .own_servers = !options.servers.empty()}),
        upstream(epoll.get(), upstream_options(options),
                 [this](const Asker& asker, Bytes answer) { deliver(asker, answer); }),
        tcp(epoll.get(), sockets.tcp.get(),
            [this](Handle handle, Bytes message) { on_tcp_message(handle, message); }) {
    watch(sockets.udp.get(), EventKind::udp);
    watch(sockets.tcp.get(), EventKind::listener);
    watch(timer.get(), EventKind::timer);
  }

  DnsSockets sockets;
  UniqueFd epoll;
  UniqueFd timer;
  Authority authority;
  Upstream upstream;
  TcpService tcp;
  std::unique_ptr<Datagrams> datagrams;
  std::int64_t now = 0;
  std::int64_t timer_at = std::numeric_limits<std::int64_t>::max();

  void watch(int fd, EventKind kind);
  void dispatch();
  void on_datagrams();
  bool take_batch();
  Bytes answer_to(Bytes packet, const Asker& asker, std::span<std::uint8_t> room);
  void describe(msghdr& message, RawHeader& header, std::array<iovec, 2>& parts, Bytes answer,
                const sockaddr_in& asker) const;
  void send_batch(std::size_t count);
  [[nodiscard]] int answering_socket() const noexcept {
    return sockets.reply ? sockets.reply.get() : sockets.udp.get();
  }
  void on_tcp_message(Handle handle, Bytes message);
  void deliver(const Asker& asker, Bytes answer);
  void on_timer();
  void set_timer();
};

void Resolver::State::watch(int fd, EventKind kind) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = pack_event(kind);
  base::check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event), "watch a socket of the resolver");
}

void Resolver::State::dispatch() {
  std::array<epoll_event, k_events_at_once> events;
  const int n = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 0);
  if (n <= 0) return;
  now = milliseconds_now();
  authority.refresh(now);
  for (int i = 0; i < n; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const Handle handle = event_handle(event.data.u64);
    switch (event_kind(event.data.u64)) {
      case EventKind::udp:
        on_datagrams();
        break;
      case EventKind::listener:
        tcp.on_listener(now);
        break;
      case EventKind::timer:
        on_timer();
        break;
      case EventKind::connection:
        tcp.on_event(handle, event.events, now);
        break;
      case EventKind::pending:
        upstream.on_event(handle, now);
        break;
    }
  }
  set_timer();
}

// The answer, written into `room`; empty when there is none, or none yet.
Bytes Resolver::State::answer_to(Bytes packet, const Asker& asker, std::span<std::uint8_t> room) {
  Query query;
  const auto parsed = parse_query(packet, query);
  if (parsed.intake == Intake::ignore) return {};
  ResponseWriter response{room, asker.tcp ? room.size() : query.udp_size, query};
  if (parsed.intake == Intake::refuse) {
    response.set_rcode(parsed.rcode);
    return response.finish();
  }
  if (authority.answer(query, response)) return response.finish();
  Asker waiting = asker;
  waiting.udp_size = query.udp_size;
  upstream.forward(packet, waiting, now);
  return {};
}

void Resolver::State::on_datagrams() {
  if (!datagrams)
    datagrams = std::unique_ptr<Datagrams>(new Datagrams);  // not value-initialised: pages stay untouched
  for (int i = 0; i < k_batches_at_once; ++i)
    if (!take_batch()) return;
}

// False: the socket is empty.
bool Resolver::State::take_batch() {
  Datagrams& d = *datagrams;
  for (std::size_t i = 0; i < k_batch; ++i) {
    d.received_parts[i] = {d.queries[i].data(), d.queries[i].size()};
    d.received[i].msg_hdr = {};
    d.received[i].msg_hdr.msg_name = &d.askers[i];
    d.received[i].msg_hdr.msg_namelen = sizeof d.askers[i];
    d.received[i].msg_hdr.msg_iov = &d.received_parts[i];
    d.received[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = ::recvmmsg(sockets.udp.get(), d.received.data(), k_batch, MSG_DONTWAIT, nullptr);
  if (got <= 0) return false;
  std::size_t count = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    const Bytes packet{d.queries[i].data(), d.received[i].msg_len};
    const Bytes answer = answer_to(packet, {.address = d.askers[i]}, d.answers[i]);
    if (answer.empty()) continue;
    describe(d.sent[count].msg_hdr, d.headers[count], d.sent_parts[count], answer, d.askers[i]);
    ++count;
  }
  send_batch(count);
  return static_cast<std::size_t>(got) == k_batch;
}

// Describes one datagram to `asker`; `header` and `parts` must live until it is sent.
void Resolver::State::describe(msghdr& message, RawHeader& header, std::array<iovec, 2>& parts, Bytes answer,
                               const sockaddr_in& asker) const {
  std::size_t used = 0;
  if (sockets.reply) {
    header = {};
    header.ip.version = 4;
    header.ip.ihl = 5;
    header.ip.ttl = 64;
    header.ip.protocol = IPPROTO_UDP;
    header.ip.saddr = htonl(0x7f00000bU);  // 127.0.0.11
    header.ip.daddr = asker.sin_addr.s_addr;
    header.udp.source = htons(53);
    header.udp.dest = asker.sin_port;
    header.udp.len = htons(static_cast<std::uint16_t>(sizeof header.udp + answer.size()));
    parts[used++] = {&header, sizeof header};
  }
  parts[used++] = {const_cast<std::uint8_t*>(answer.data()), answer.size()};
  message = {};
  message.msg_name = const_cast<sockaddr_in*>(&asker);
  message.msg_namelen = sizeof asker;
  message.msg_iov = parts.data();
  message.msg_iovlen = used;
}

void Resolver::State::send_batch(std::size_t count) {
  const int socket = answering_socket();
  for (std::size_t sent = 0; sent < count;) {
    const int n = ::sendmmsg(socket, datagrams->sent.data() + sent, static_cast<unsigned>(count - sent),
                             MSG_DONTWAIT | MSG_NOSIGNAL);
    // What cannot be sent is lost, as datagrams are; the asker asks again.
    sent += n > 0 ? static_cast<std::size_t>(n) : 1;
  }
}

void Resolver::State::on_tcp_message(Handle handle, Bytes message) {
  std::vector<std::uint8_t> room(k_largest_message);
  const Bytes answer = answer_to(message, {.tcp = true, .connection = handle}, room);
  if (!answer.empty()) tcp.reply(handle, answer);
}

// An answer from elsewhere. May be called while a batch is being put together, so it leaves that alone.
void Resolver::State::deliver(const Asker& asker, Bytes answer) {
  if (asker.tcp) return tcp.reply(asker.connection, answer);
  msghdr message;
  RawHeader header;
  std::array<iovec, 2> parts;
  describe(message, header, parts, answer, asker.address);
  ::sendmsg(answering_socket(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Resolver::State::on_timer() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto n = ::read(timer.get(), &expirations, sizeof expirations);
  timer_at = std::numeric_limits<std::int64_t>::max();
  upstream.on_time(now);
  tcp.on_time(now);
}

// One timer, never later than the first deadline; when it fires early it is set again.
void Resolver::State::set_timer() {
  if (upstream.is_idle() && tcp.is_idle()) return;
  const std::int64_t next = std::min(upstream.next_deadline(), tcp.next_deadline());
  if (next >= timer_at) return;
  timer_at = next;
  const std::int64_t wait = std::max<std::int64_t>(10, next - now + 10);  // the coarse clock may be behind
  itimerspec when{};
  when.it_value.tv_sec = wait / 1000;
  when.it_value.tv_nsec = wait % 1000 * 1'000'000;
  ::timerfd_settime(timer.get(), 0, &when, nullptr);
}

Resolver::Resolver(DnsSockets sockets, ResolverOptions options)
    : state_(std::make_unique<State>(std::move(sockets), options)) {}
Resolver::~Resolver() = default;
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;

int Resolver::fd() const noexcept {
  return state_->epoll.get();
}
void Resolver::dispatch() {
  state_->dispatch();
}

}  // namespace compose::net::dns
