#include "net/dns/authority.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "net/dns/names_view.hpp"
#include "tests/support/dns_packets.hpp"

using namespace compose::net::dns;
using namespace compose::net::dns::testing;

namespace {

struct AuthorityFixture {
  compose::base::TemporaryDirectory directory;
  std::vector<PublishedName> published;
  std::int64_t now = 1000;

  NamesTable table(const std::string& network) {
    const auto path = directory.path() / network;
    NamesTable::create(path);
    return NamesTable::open(path);
  }
  void publish(const std::string& network, const std::string& service, const std::string& own,
               const std::string& address) {
    published.push_back(
        table(network).publish({.group_names = {service}, .own_names = {own}, .ipv4 = parse_ipv4(address)}));
  }
  Authority authority(const std::vector<std::string>& networks, Authority::Options options = {},
                      bool internal = false) {
    std::vector<NamesView> views;
    for (const auto& n : networks) views.emplace_back(n, internal, table(n));
    return Authority{std::move(views), std::move(options)};
  }
  std::string ask(Authority& a, const std::string& name, unsigned type = k_type_a) {
    a.refresh(now);
    const Packet packet = query(name, type, 7, 4096);
    Query q;
    REQUIRE(parse_query(packet, q).intake == Intake::query);
    std::array<std::uint8_t, 4096> room;
    ResponseWriter response{room, room.size(), q};
    return a.answer(q, response) ? describe(response.finish()) : "forward";
  }
};

std::set<std::string> parts(const std::string& joined) {
  std::set<std::string> out;
  std::istringstream stream{joined};
  for (std::string each; std::getline(stream, each, ',');) out.insert(each);
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(AuthorityFixture,
                  "a service is all its replicas, in changing order; a container is itself") {
  publish("shop_default", "web", "shop-web-1", "10.0.0.2");
  publish("shop_default", "web", "shop-web-2", "10.0.0.3");
  publish("shop_default", "web", "shop-web-3", "10.0.0.4");
  auto a = authority({"shop_default"});
  std::set<std::string> orders;
  for (int i = 0; i < 6; ++i) {
    const auto order = ask(a, "web");
    CHECK(parts(order) == std::set<std::string>{"10.0.0.2", "10.0.0.3", "10.0.0.4"});
    orders.insert(order.substr(0, 8));
    CHECK(ask(a, "web", k_type_aaaa) == "NODATA");  // does not disturb the turn
  }
  CHECK(orders.size() == 3);
  CHECK(ask(a, "shop-web-2") == "10.0.0.3");
  CHECK(parts(ask(a, "WEB.")) == parts(ask(a, "web")));
}

TEST_CASE_FIXTURE(AuthorityFixture, "names follow their publication") {
  auto a = authority({"net"});
  CHECK(ask(a, "web") == "NXDOMAIN");
  publish("net", "web", "web-1", "10.0.0.2");
  CHECK(ask(a, "web") == "10.0.0.2");
  for (int i = 0; i < 300; ++i) {
    published.clear();
    CHECK(ask(a, "web") == "NXDOMAIN");
    publish("net", "web", "web-1", "10.0.0." + std::to_string(i % 250));
    CHECK(ask(a, "web") == "10.0.0." + std::to_string(i % 250));
  }
}

TEST_CASE_FIXTURE(AuthorityFixture, "only networks shared with the asker answer, all of them") {
  publish("front", "web", "web-1", "10.0.0.2");
  publish("back", "web", "web-1b", "10.9.0.2");
  publish("other", "db", "db-1", "10.8.0.2");
  auto a = authority({"front", "back"});
  CHECK(parts(ask(a, "web")) == std::set<std::string>{"10.0.0.2", "10.9.0.2"});
  CHECK(ask(a, "web.back") == "10.9.0.2");
  CHECK(ask(a, "db") == "NXDOMAIN");
  CHECK(ask(a, "db.other") == "forward");  // a network it is not on is any domain
}

TEST_CASE_FIXTURE(AuthorityFixture, "the project's names are never forwarded") {
  publish("net", "api.example.com", "api-1", "10.0.0.2");
  auto a = authority({"net"});
  CHECK(ask(a, "api.example.com") == "10.0.0.2");
  published.clear();
  CHECK(ask(a, "api.example.com") == "NXDOMAIN");  // known once
  CHECK(ask(a, "nobody") == "NXDOMAIN");
  CHECK(ask(a, "nobody.net") == "NXDOMAIN");
  table("net").declare(std::array{std::string{"later.example.com"}});
  CHECK(ask(a, "later.example.com") == "NXDOMAIN");
  CHECK(ask(a, "www.example.com") == "forward");
  CHECK(ask(a, "com", k_type_ns) == "forward");
}

TEST_CASE_FIXTURE(AuthorityFixture,
                  "servers of the user's own may know names with one label, but not the project's") {
  table("net").declare(std::array{std::string{"web"}});
  auto a = authority({"net"}, {.hosts = {}, .own_servers = true});
  CHECK(ask(a, "intranet") == "forward");
  CHECK(ask(a, "web") == "NXDOMAIN");
}

TEST_CASE_FIXTURE(AuthorityFixture, "on internal networks, and on none, nothing is forwarded") {
  publish("net", "web", "web-1", "10.0.0.2");
  auto closed = authority({"net"}, {}, true);
  CHECK(ask(closed, "web") == "10.0.0.2");
  CHECK(ask(closed, "www.example.com") == "NXDOMAIN");
  auto alone = authority({});
  CHECK(ask(alone, "www.example.com") == "NXDOMAIN");
}

TEST_CASE_FIXTURE(AuthorityFixture, "a name without an address of the family is known all the same") {
  publish("net", "web", "web-1", "10.0.0.2");
  auto a = authority({"net"});
  for (const unsigned type : {unsigned{k_type_aaaa}, 15U, 16U, 33U, 65U})
    CHECK(ask(a, "web", type) == "NODATA");
  published.push_back(
      table("net").publish({.group_names = {"six"}, .own_names = {}, .ipv6 = parse_ipv6("fd00::1")}));
  CHECK(ask(a, "six") == "NODATA");
  CHECK(ask(a, "six", k_type_aaaa) == "fd00::1");
}

TEST_CASE_FIXTURE(AuthorityFixture, "localhost, fixed hosts and reverse names") {
  publish("net", "web", "shop-web-1", "10.0.0.2");
  auto a = authority({"net"}, {.hosts = {{"Gateway.Internal", "10.0.0.1"}}, .own_servers = false});
  CHECK(ask(a, "localhost") == "127.0.0.1");
  CHECK(ask(a, "x.localhost", k_type_aaaa) == "::1");
  CHECK(ask(a, "gateway.internal") == "10.0.0.1");
  CHECK(ask(a, "2.0.0.10.in-addr.arpa", k_type_ptr) == "(16 bytes)");  // 10shop-web-1 3net 0
  CHECK(ask(a, "3.0.0.10.in-addr.arpa", k_type_ptr) == "forward");
}

TEST_CASE_FIXTURE(AuthorityFixture, "names with strange bytes are nobody's") {
  auto a = authority({"net"});
  CHECK(ask(a, std::string{"we\x01"}) == "NXDOMAIN");
  CHECK(ask(a, std::string{"we\xff.example"}) == "forward");
}
