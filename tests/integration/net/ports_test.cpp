// Published ports and the packet filter: who reaches whom.
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "net/port_publisher.hpp"
#include "scratch_host.hpp"

using namespace compose::net;
using namespace compose::net::testing;
using compose::base::UniqueFd;

namespace {

// A container that listens on port 80, and its port published as `request` says.
struct Published {
  Published(ScratchHost& host, PortPublisher& publisher, int number, const std::string& network,
            PortRequest request)
      : container(host.container(number, {network})) {
    inside(container.sandbox.netns.get(), [&] {
      server = listen_tcp("0.0.0.0", 80);
      udp_server = bind_udp("0.0.0.0", 80);
    });
    request.target = 80;
    held = publisher.reserve(request);
    Publication publication{
        .container = container.id, .ipv4 = container.leases[0].ipv4, .ipv6 = {}, .bindings = {}};
    for (const auto& port : held) publication.bindings.push_back(port.binding);
    publisher.publish(std::array{publication});
  }
  ScratchHost::Container container;
  UniqueFd server;
  UniqueFd udp_server;
  std::vector<HeldPort> held;
};

constexpr int k_nothing_answers = ETIMEDOUT;

}  // namespace

TEST_CASE("a published port is reached from outside, from the host and from containers, and only that port") {
  ScratchHost host;
  host.network("front");
  host.network("back");
  PortPublisher publisher{host.database(), host.run_root()};
  const auto neighbour = host.neighbour();
  Published web{host, publisher, 1, "front", {.published_first = 8080}};
  const auto same = host.container(2, {"front"});
  const auto other = host.container(3, {"back"});
  const auto& address = web.container.leases[0].ipv4;

  inside(neighbour.get(), [&] {
    CHECK(connect_tcp(k_host_address, 8080) == 0);
    CHECK(accept_from(web.server.get()) == k_neighbour_address);  // the real source
    CHECK(connect_tcp(address, 80) == k_nothing_answers);         // not past the published port
  });
  CHECK(connect_tcp("127.0.0.1", 8080) == 0);
  CHECK(accept_from(web.server.get()) == web.container.leases[0].ipv4_gateway);
  CHECK(connect_tcp(k_host_address, 8080) == 0);
  CHECK(connect_tcp(address, 80) == 0);  // the host itself may
  inside(same.sandbox.netns.get(), [&] {
    CHECK(connect_tcp(k_host_address, 8080) == 0);
    CHECK(connect_tcp(address, 80) == 0);
  });
  inside(web.container.sandbox.netns.get(), [&] { CHECK(connect_tcp(k_host_address, 8080) == 0); });
  inside(other.sandbox.netns.get(), [&] {
    CHECK(connect_tcp(k_host_address, 8080) == 0);
    CHECK(connect_tcp(address, 80) == k_nothing_answers);  // networks are apart
  });

  publisher.withdraw(std::array{web.container.id});
  CHECK(publisher.published_by(web.container.id).empty());
  while (!accept_from(web.server.get()).empty()) {
  }
  web.held.clear();
  inside(neighbour.get(), [&] { CHECK(connect_tcp(k_host_address, 8080) == ECONNREFUSED); });
}

TEST_CASE("a port published on 127.0.0.1 is the host's alone") {
  ScratchHost host;
  host.network("front");
  PortPublisher publisher{host.database(), host.run_root()};
  const auto neighbour = host.neighbour();
  Published web{host, publisher, 1, "front", {.host_address = "127.0.0.1", .published_first = 8080}};
  const auto same = host.container(2, {"front"});
  CHECK(connect_tcp("127.0.0.1", 8080) == 0);
  CHECK_FALSE(accept_from(web.server.get()).empty());
  CHECK(connect_tcp(k_host_address, 8080) == ECONNREFUSED);
  inside(neighbour.get(), [&] { CHECK(connect_tcp(k_host_address, 8080) == ECONNREFUSED); });
  inside(same.sandbox.netns.get(),
         [&] { CHECK(connect_tcp(same.leases[0].ipv4_gateway, 8080) == ECONNREFUSED); });
}

TEST_CASE("UDP is published, and a flow follows the port to its next container") {
  ScratchHost host;
  host.network("front");
  PortPublisher publisher{host.database(), host.run_root()};
  const auto neighbour = host.neighbour();
  Published first{host, publisher, 1, "front", {.protocol = "udp", .published_first = 5353}};
  UniqueFd client;
  inside(neighbour.get(), [&] { client = send_udp(k_host_address, 5353); });
  CHECK(answer_udp(first.udp_server.get()));
  CHECK(receive_udp(client.get()));

  publisher.withdraw(std::array{first.container.id});
  first.held.clear();
  Published second{host, publisher, 2, "front", {.protocol = "udp", .published_first = 5353}};
  CHECK(::send(client.get(), "ping", 4, 0) == 4);
  CHECK(answer_udp(second.udp_server.get()));
  CHECK(receive_udp(client.get()));
  CHECK_FALSE(answer_udp(first.udp_server.get()));
}

TEST_CASE("containers leave with the host's address, those of an internal network not at all") {
  ScratchHost host;
  host.network("front");
  host.network("back", true);
  const auto neighbour = host.neighbour();
  UniqueFd server;
  inside(neighbour.get(), [&] { server = listen_tcp("0.0.0.0", 80); });
  const auto open = host.container(1, {"front"});
  const auto closed = host.container(2, {"back"});
  inside(open.sandbox.netns.get(), [&] { CHECK(connect_tcp(k_neighbour_address, 80) == 0); });
  CHECK(accept_from(server.get()) == k_host_address);
  inside(closed.sandbox.netns.get(), [&] { CHECK(connect_tcp(k_neighbour_address, 80) == ENETUNREACH); });
}

TEST_CASE("an internal network does not reach what its neighbours publish, and is published itself") {
  ScratchHost host;
  host.network("front");
  host.network("back", true);
  const auto neighbour = host.neighbour();
  PortPublisher publisher{host.database(), host.run_root()};
  const auto open = host.container(1, {"front"});
  const auto closed = host.container(2, {"back"});
  const auto also_closed = host.container(3, {"back"});
  const auto publish = [&](const ScratchHost::Container& c, std::uint16_t port) {
    auto held = publisher.reserve({.published_first = port, .target = 80});
    publisher.publish(std::array{Publication{c.id, c.leases[0].ipv4, "", {held[0].binding}}});
    return held;
  };
  const auto open_port = publish(open, 8080);
  const auto closed_port = publish(closed, 8081);
  UniqueFd in_open;
  UniqueFd in_closed;
  inside(open.sandbox.netns.get(), [&] { in_open = listen_tcp("0.0.0.0", 80); });
  inside(closed.sandbox.netns.get(), [&] { in_closed = listen_tcp("0.0.0.0", 80); });
  const std::string gateway = closed.leases[0].ipv4_gateway;
  inside(closed.sandbox.netns.get(), [&] { CHECK(connect_tcp(gateway, 8080) == ETIMEDOUT); });
  inside(also_closed.sandbox.netns.get(), [&] {
    CHECK(connect_tcp(closed.leases[0].ipv4, 80) == 0);
    CHECK(connect_tcp(gateway, 8081) == 0);
  });
  inside(neighbour.get(), [&] { CHECK(connect_tcp(k_host_address, 8080) == 0); });
}

TEST_CASE("who has a port is told by name") {
  ScratchHost host;
  PortPublisher publisher{host.database(), host.run_root()};
  const auto taken = listen_tcp("0.0.0.0", 8080);
  CHECK_THROWS_WITH(
      static_cast<void>(
          publisher.reserve({.host_address = "0.0.0.0", .published_first = 8080, .target = 80})),
      compose::base::text("port 8080/tcp on 0.0.0.0 is in use by process {} (integration_net)", ::getpid())
          .c_str());
  CHECK_THROWS_WITH(static_cast<void>(publisher.reserve(
                        {.host_address = "192.0.2.77", .published_first = 8080, .target = 80})),
                    "port 8080/tcp on 192.0.2.77 cannot be bound: Cannot assign requested address");
  CHECK_THROWS_WITH(
      static_cast<void>(publisher.reserve(
          {.host_address = "127.0.0.1", .published_first = 8080, .published_last = 8080, .target = 80})),
      compose::base::text("port 8080/tcp on 127.0.0.1 is in use by process {} (integration_net)", ::getpid())
          .c_str());
}

TEST_CASE("a range gives its first free port, and no port asked for means any") {
  ScratchHost host;
  PortPublisher publisher{host.database(), host.run_root()};
  const auto taken = listen_tcp("0.0.0.0", 9000);
  const auto held = publisher.reserve({.published_first = 9000, .published_last = 9002, .target = 80});
  REQUIRE(held.size() == 2);
  CHECK(held[0].binding == PortBinding{"tcp", "0.0.0.0", 9001, 80});
  CHECK(held[1].binding == PortBinding{"tcp", "::", 9001, 80});
  const auto any = publisher.reserve({.protocol = "udp", .target = 53});
  REQUIRE(any.size() == 2);
  CHECK(any[0].binding.host_port != 0);
  CHECK(any[0].binding.host_port == any[1].binding.host_port);
  const auto last = publisher.reserve({.published_first = 9000, .published_last = 9002, .target = 80});
  CHECK(last[0].binding.host_port == 9002);
  CHECK_THROWS_WITH(
      static_cast<void>(publisher.reserve({.published_first = 9000, .published_last = 9002, .target = 80})),
      "no port of 9000-9002/tcp on 0.0.0.0 is free");
}
