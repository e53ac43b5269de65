// The resolver over loopback sockets, with a server of our own as its upstream. One thread: every wait turns
// the resolver.
#include "net/dns/resolver.hpp"

#include <arpa/inet.h>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "net/dns/names_table.hpp"
#include "net/dns/tcp_service.hpp"
#include "tests/support/dns_packets.hpp"

using namespace compose::net::dns;
using namespace compose::net::dns::testing;
using compose::base::UniqueFd;

namespace {

UniqueFd loopback_socket(int type, std::uint16_t port = 0) {
  UniqueFd socket = compose::base::sys::make_socket(AF_INET, type | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  compose::base::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                       "bind");
  if (type == SOCK_STREAM) compose::base::check(::listen(socket.get(), 64), "listen");
  return socket;
}

sockaddr_in name_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

struct Upstream {
  UniqueFd udp;
  UniqueFd tcp;
};

// Both on one port: what the kernel gives for UDP somebody else may have for TCP.
Upstream loopback_upstream() {
  for (;;) {
    UniqueFd udp = loopback_socket(SOCK_DGRAM);
    try {
      UniqueFd tcp = loopback_socket(SOCK_STREAM, ntohs(name_of(udp.get()).sin_port));
      return {std::move(udp), std::move(tcp)};
    } catch (const compose::base::SysError& e) {
      if (e.code() != EADDRINUSE) throw;
    }
  }
}

bool readable(int fd, int milliseconds = 0) {
  pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, milliseconds) > 0;
}

struct Datagram {
  Packet bytes;
  sockaddr_in from{};
};

struct ResolverFixture {
  compose::base::TemporaryDirectory directory;
  Upstream both = loopback_upstream();
  UniqueFd& upstream = both.udp;
  UniqueFd& upstream_tcp = both.tcp;
  sockaddr_in udp_address{};
  sockaddr_in tcp_address{};
  std::optional<Resolver> resolver;
  std::optional<NamesTable> table;
  UniqueFd client;

  explicit ResolverFixture(std::vector<std::string> servers = {"127.0.0.1"}, bool internal = false) {
    const auto path = directory.path() / "names";
    NamesTable::create(path);
    table = NamesTable::open(path);
    DnsSockets sockets;
    sockets.udp = loopback_socket(SOCK_DGRAM);
    sockets.tcp = loopback_socket(SOCK_STREAM);
    udp_address = name_of(sockets.udp.get());
    tcp_address = name_of(sockets.tcp.get());
    std::string conf;
    for (const auto& server : servers) conf += "nameserver " + server + "\n";
    compose::base::write_file_atomically(directory.path() / "resolv.conf", conf);
    ResolverOptions options;
    options.networks.push_back({"net", path, internal});
    options.resolv_conf = directory.path() / "resolv.conf";
    options.upstream_port = ntohs(name_of(upstream.get()).sin_port);
    resolver.emplace(std::move(sockets), options);
    client = connected(SOCK_DGRAM);
  }

  UniqueFd connected(int type) {
    UniqueFd socket = compose::base::sys::make_socket(AF_INET, type, 0);
    const auto& to = type == SOCK_DGRAM ? udp_address : tcp_address;
    compose::base::check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to),
                         "connect");
    return socket;
  }

  // Turns the resolver until `done`, for a second at most.
  bool turn_until(const std::function<bool()>& done) {
    for (int i = 0; i < 100; ++i) {
      if (done()) return true;
      if (readable(resolver->fd(), 10)) resolver->dispatch();
    }
    return done();
  }

  void send(const Packet& packet) { REQUIRE(::send(client.get(), packet.data(), packet.size(), 0) > 0); }
  std::string receive() {
    if (!turn_until([&] { return readable(client.get()); })) return "nothing";
    Packet packet(65536);
    const auto n = ::recv(client.get(), packet.data(), packet.size(), 0);
    packet.resize(static_cast<std::size_t>(n));
    return describe(packet);
  }
  std::string ask(const std::string& name, unsigned type = k_type_a, unsigned udp_size = 0) {
    send(query(name, type, 7, udp_size));
    return receive();
  }

  Datagram at_upstream() {
    Datagram got;
    if (!turn_until([&] { return readable(upstream.get()); })) return got;
    got.bytes.resize(65536);
    socklen_t size = sizeof got.from;
    const auto n = ::recvfrom(upstream.get(), got.bytes.data(), got.bytes.size(), 0,
                              reinterpret_cast<sockaddr*>(&got.from), &size);
    got.bytes.resize(static_cast<std::size_t>(n));
    return got;
  }
  void reply(const Datagram& to, const Packet& packet, int from = -1) {
    ::sendto(from < 0 ? upstream.get() : from, packet.data(), packet.size(), 0,
             reinterpret_cast<const sockaddr*>(&to.from), sizeof to.from);
  }

  Packet receive_tcp(int socket) {
    Packet all;
    while (all.size() < 2 || all.size() < 2U + all[0] * 256U + all[1]) {
      if (!turn_until([&] { return readable(socket); })) return {};
      Packet more(65536);
      const auto n = ::recv(socket, more.data(), more.size(), 0);
      if (n <= 0) return {};
      all.insert(all.end(), more.begin(), more.begin() + n);
    }
    all.erase(all.begin(), all.begin() + 2);
    return all;
  }
};

Packet framed(const Packet& packet) {
  Packet out;
  put16(out, static_cast<unsigned>(packet.size()));
  out.insert(out.end(), packet.begin(), packet.end());
  return out;
}

}  // namespace

TEST_CASE("names of the table are answered without asking anybody") {
  ResolverFixture f;
  const auto published =
      f.table->publish({.group_names = {"web"}, .own_names = {}, .ipv4 = parse_ipv4("10.0.0.2")});
  CHECK(f.ask("web") == "10.0.0.2");
  CHECK(f.ask("nobody") == "NXDOMAIN");
  CHECK_FALSE(readable(f.upstream.get()));
}

TEST_CASE("other names are asked of the host's server, and its answer passed on with the asker's id") {
  ResolverFixture f;
  f.send(query("www.example.com"));
  const auto asked = f.at_upstream();
  REQUIRE(asked.bytes.size() > 12);
  f.reply(asked, answer(asked.bytes, {"192.0.2.1"}));
  CHECK(f.receive() == "192.0.2.1");
  f.send(query("gone.example.com"));
  const auto again = f.at_upstream();
  f.reply(again, answer(again.bytes, {}, 3));
  CHECK(f.receive() == "NXDOMAIN");
}

TEST_CASE("answers that are not to our question, or not from whom we asked, are ignored") {
  ResolverFixture f;
  f.send(query("www.example.com"));
  const auto asked = f.at_upstream();
  Packet wrong_id = answer(asked.bytes, {"192.0.2.66"});
  wrong_id[1] = static_cast<std::uint8_t>(wrong_id[1] + 1);
  f.reply(asked, wrong_id);
  Packet other_question = asked.bytes;
  other_question[13] = 'x';
  f.reply(asked, answer(other_question, {"192.0.2.66"}));
  f.reply(asked, {1, 2, 3});
  const auto stranger = loopback_socket(SOCK_DGRAM);
  f.reply(asked, answer(asked.bytes, {"192.0.2.66"}), stranger.get());
  f.reply(asked, answer(asked.bytes, {"192.0.2.1"}));
  CHECK(f.receive() == "192.0.2.1");
}

TEST_CASE("each question has its own port and id") {
  ResolverFixture f;
  f.send(query("a.example"));
  const auto first = f.at_upstream();
  f.send(query("b.example"));
  const auto second = f.at_upstream();
  CHECK(first.from.sin_port != second.from.sin_port);
  f.reply(second, answer(second.bytes, {"192.0.2.2"}));
  CHECK(f.receive() == "192.0.2.2");
  f.reply(first, answer(first.bytes, {"192.0.2.1"}));
  CHECK(f.receive() == "192.0.2.1");
}

TEST_CASE("a server that refuses or is not there hands over to the next") {
  ResolverFixture f{{"127.0.0.99", "127.0.0.1"}};  // nobody listens on the first
  f.send(query("www.example.com"));
  const auto asked = f.at_upstream();
  REQUIRE(asked.bytes.size() > 12);
  f.reply(asked, answer(asked.bytes, {}, 2));
  CHECK(f.receive() == "SERVFAIL");  // the last one's word
  f.send(query("www.example.com"));
  const auto again = f.at_upstream();
  f.reply(again, answer(again.bytes, {"192.0.2.1"}));
  CHECK(f.receive() == "192.0.2.1");
}

TEST_CASE("without a server, or with nobody there, the answer is a failure at once") {
  ResolverFixture none{{}};
  CHECK(none.ask("www.example.com") == "SERVFAIL");
  ResolverFixture nobody{{"127.0.0.99"}};
  CHECK(nobody.ask("www.example.com") == "SERVFAIL");
}

TEST_CASE("an internal network asks nobody") {
  ResolverFixture f{{"127.0.0.1"}, true};
  CHECK(f.ask("www.example.com") == "NXDOMAIN");
  CHECK_FALSE(readable(f.upstream.get()));
}

TEST_CASE("resolv.conf is read again when it changes") {
  ResolverFixture f{{}};
  CHECK(f.ask("www.example.com") == "SERVFAIL");
  compose::base::write_file_atomically(f.directory.path() / "resolv.conf", "nameserver 127.0.0.1\n");
  for (int i = 0; i < 500 && !readable(f.upstream.get(), 10); ++i) {  // looked at once a second
    f.send(query("www.example.com"));
    if (readable(f.resolver->fd(), 10)) f.resolver->dispatch();
  }
  CHECK(readable(f.upstream.get()));
}

TEST_CASE("over UDP an answer is cut to what the asker takes, over TCP it is whole") {
  ResolverFixture f;
  std::vector<PublishedName> published;
  for (int i = 0; i < 60; ++i)
    published.push_back(f.table->publish(
        {.group_names = {"web"}, .own_names = {}, .ipv4 = Ipv4{10, 0, 0, static_cast<std::uint8_t>(i)}}));
  CHECK(f.ask("web") == "TC");
  CHECK(f.ask("web", k_type_a, 4096) != "TC");
  const auto socket = f.connected(SOCK_STREAM);
  const Packet asked = framed(query("web"));
  ::send(socket.get(), asked.data(), asked.size(), 0);
  const auto answered = f.receive_tcp(socket.get());
  REQUIRE(answered.size() > 12);
  CHECK(answered[7] == 60);
}

TEST_CASE("a truncated answer is fetched over TCP for whoever asked over TCP") {
  ResolverFixture f;
  const auto socket = f.connected(SOCK_STREAM);
  const Packet packet = framed(query("big.example"));
  ::send(socket.get(), packet.data(), packet.size(), 0);
  const auto asked = f.at_upstream();
  f.reply(asked, answer(asked.bytes, {}, 0, 0x8380));
  UniqueFd connection;
  REQUIRE(f.turn_until([&] { return readable(f.upstream_tcp.get()); }));
  connection = UniqueFd{::accept4(f.upstream_tcp.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  const auto over_tcp = f.receive_tcp(connection.get());
  REQUIRE(over_tcp.size() > 12);
  const Packet whole = framed(answer(over_tcp, std::vector<std::string>(50, "192.0.2.9")));
  ::send(connection.get(), whole.data(), whole.size(), 0);
  const auto answered = f.receive_tcp(socket.get());
  REQUIRE(answered.size() > 12);
  CHECK(answered[7] == 50);
}

TEST_CASE("a truncated answer is passed on as it is to whoever asked over UDP") {
  ResolverFixture f;
  f.send(query("big.example"));
  const auto asked = f.at_upstream();
  f.reply(asked, answer(asked.bytes, {}, 0, 0x8380));
  CHECK(f.receive() == "TC");
}

TEST_CASE("many questions on one connection are all answered") {
  ResolverFixture f;
  const auto published =
      f.table->publish({.group_names = {"web"}, .own_names = {}, .ipv4 = parse_ipv4("10.0.0.2")});
  const auto socket = f.connected(SOCK_STREAM);
  Packet all;
  for (int i = 0; i < 500; ++i) {
    const Packet one = framed(query("web"));
    all.insert(all.end(), one.begin(), one.end());
  }
  REQUIRE(::send(socket.get(), all.data(), all.size(), 0) == static_cast<ssize_t>(all.size()));
  std::size_t got = 0;
  const std::size_t expected = 500 * (2 + query("web").size() + 16);
  while (got < expected && f.turn_until([&] { return readable(socket.get()); })) {
    Packet chunk(65536);
    got += static_cast<std::size_t>(::recv(socket.get(), chunk.data(), chunk.size(), 0));
  }
  CHECK(got == expected);
}

TEST_CASE("idle connections do not keep others out, and damaged ones are closed") {
  ResolverFixture f;
  const auto published =
      f.table->publish({.group_names = {"web"}, .own_names = {}, .ipv4 = parse_ipv4("10.0.0.2")});
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(f.connected(SOCK_STREAM));
    f.turn_until([&] { return !readable(f.resolver->fd()); });
  }
  CHECK(f.ask("web") == "10.0.0.2");
  const auto socket = f.connected(SOCK_STREAM);
  const Packet packet = framed(query("web"));
  ::send(socket.get(), packet.data(), packet.size(), 0);
  CHECK(describe(f.receive_tcp(socket.get())) == "10.0.0.2");
  for (const Packet& bad : {Packet{0, 0}, Packet{0, 1, 0}}) {
    const auto broken = f.connected(SOCK_STREAM);
    ::send(broken.get(), bad.data(), bad.size(), 0);
    CHECK(f.receive_tcp(broken.get()).empty());
    char byte = 0;
    CHECK(::recv(broken.get(), &byte, 1, MSG_DONTWAIT) == 0);
  }
}

TEST_CASE("damaged and foreign packets get a refusal or nothing, and the next question its answer") {
  ResolverFixture f;
  const auto published =
      f.table->publish({.group_names = {"web"}, .own_names = {}, .ipv4 = parse_ipv4("10.0.0.2")});
  f.send({1, 2, 3});
  f.send(header(7, 0x8100, 1));
  Packet chaos = query("version.bind", 16);
  chaos[chaos.size() - 1] = 3;
  f.send(chaos);
  CHECK(f.receive() == "rcode 5");
  f.send(header(7, 0x0100, 0));
  CHECK(f.receive() == "rcode 1");
  f.send(header(7, 0x2000, 1));
  CHECK(f.receive() == "rcode 4");
  CHECK(f.ask("web") == "10.0.0.2");
}
