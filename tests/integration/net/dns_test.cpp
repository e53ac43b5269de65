// The resolver in a real sandbox: port 53 of 127.0.0.11, and a container that wants port 53 for itself.
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "dns_probe.hpp"
#include "net/dns/names_table.hpp"
#include "net/dns/resolver.hpp"
#include "scratch_host.hpp"

using namespace compose::net;
using namespace compose::net::testing;
using compose::net::dns::NamesTable;
using compose::net::dns::parse_ipv4;

namespace {

// A process that serves the resolver until destroyed, as a shim does.
class Server {
 public:
  Server(ScratchHost::Container& container, const Network& network, NetworkManager& manager) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    dns::ResolverOptions options;
    options.networks.push_back(
        {network.spec.name, manager.names_table(network.spec.id), network.spec.internal});
    dns::Resolver resolver{std::move(container.sandbox.dns), options};
    for (;;) {
      pollfd wait{.fd = resolver.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, 20000) <= 0) ::_exit(0);
      resolver.dispatch();
    }
  }
  ~Server() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("names are answered over UDP and TCP while the container listens on port 53 of every address") {
  ScratchHost host;
  const auto network = host.network("shop_default");
  auto one = host.container(1, {"shop_default"});
  CHECK(one.sandbox.dns.redirect);
  auto table = NamesTable::open(host.manager().names_table(network.spec.id));
  const auto published =
      table.publish({.group_names = {"web"}, .own_names = {"shop-web-1"}, .ipv4 = parse_ipv4("172.17.0.9")});
  const Server server{one, network, host.manager()};
  inside(one.sandbox.netns.get(), [&] {
    const auto own_udp = bind_udp("0.0.0.0", 53);
    const auto own_tcp = listen_tcp("0.0.0.0", 53);
    CHECK(ask_udp("web") == "172.17.0.9");
    CHECK(ask_udp("Web.") == "172.17.0.9");
    CHECK(ask_udp("shop-web-1.shop_default") == "172.17.0.9");
    CHECK(ask_tcp("web") == "172.17.0.9");
    CHECK(ask_udp("nobody") == "NXDOMAIN");
    CHECK(connect_tcp("127.0.0.1", 53) == 0);  // the container's own server
  });
}

TEST_CASE("a name is known at once when it is published and gone when its publisher is killed") {
  ScratchHost host;
  const auto network = host.network("shop_default");
  auto one = host.container(1, {"shop_default"});
  const Server server{one, network, host.manager()};
  const auto path = host.manager().names_table(network.spec.id);
  inside(one.sandbox.netns.get(), [&] { CHECK(ask_udp("web") == "NXDOMAIN"); });
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t publisher = ::fork();
  if (publisher == 0) {
    auto table = NamesTable::open(path);
    const auto published =
        table.publish({.group_names = {"web"}, .own_names = {}, .ipv4 = parse_ipv4("172.17.0.9")});
    [[maybe_unused]] const auto n = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  inside(one.sandbox.netns.get(), [&] { CHECK(ask_udp("web") == "172.17.0.9"); });
  ::kill(publisher, SIGKILL);
  ::waitpid(publisher, nullptr, 0);
  ::usleep(120'000);  // the sweep's own interval
  inside(one.sandbox.netns.get(), [&] { CHECK(ask_udp("web") == "NXDOMAIN"); });
  ::close(ready[0]);
  ::close(ready[1]);
}
