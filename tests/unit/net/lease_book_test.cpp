#include "net/lease_book.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "net/store.hpp"

using namespace compose::net;

namespace {

struct Fixture {
  compose::base::TemporaryDirectory directory;
  compose::base::Database database{directory.path() / "state.db"};
  Store store{database};
  LeaseBook book{store};

  Fixture() {
    add("front", {{.subnet = "10.1.0.0/29", .gateway = "10.1.0.1"}}, false);
    add("back",
        {{.subnet = "10.2.0.0/24", .gateway = "10.2.0.1"}, {.subnet = "fd00::/64", .gateway = "fd00::1"}},
        true);
  }
  void add(const std::string& name, std::vector<AddressPoolSpec> pools, bool internal) {
    Network network{.spec = {.id = NetworkId{name + "-id"},
                             .name = name,
                             .internal = internal,
                             .pools = std::move(pools)},
                    .project = "shop",
                    .key = name,
                    .labels = {{"a", "b"}},
                    .config_hash = "h",
                    .bridge = "cmp-" + name};
    store.insert_network(network);
  }
  std::vector<Lease> lease(const std::string& container, std::vector<AttachmentSpec> attachments) {
    return book.lease(std::array{LeaseRequest{container, std::move(attachments)}}).front();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a network comes back from the database as it went in") {
  const auto network = store.find_network("back");
  REQUIRE(network);
  CHECK(network->spec.pools.size() == 2);
  CHECK(network->labels.at("a") == "b");
  CHECK(network->bridge == "cmp-back");
  CHECK(store.list_networks("shop").size() == 2);
  CHECK(store.list_networks("other").empty());
}

TEST_CASE_FIXTURE(
    Fixture, "interfaces are in the order of priority, and the first with a way out has the default route") {
  const auto leases = lease("c1", {{.network = "front"}, {.network = "back", .priority = 10}});
  REQUIRE(leases.size() == 2);
  CHECK(leases[0].network_name == "back");
  CHECK(leases[0].index == 0);
  CHECK(leases[0].ipv4 == "10.2.0.2");
  CHECK(leases[0].ipv6 == "fd00::2");
  CHECK(leases[0].internal);
  CHECK_FALSE(leases[0].default_route);
  CHECK(leases[1].network_name == "front");
  CHECK(leases[1].mac == "02:42:0a:01:00:02");
  CHECK(leases[1].default_route);
  CHECK(book.leases_of("c1") == leases);
  CHECK(book.link_names(std::array{std::string{"c1"}}).size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "of a batch all get addresses or none") {
  std::vector<LeaseRequest> requests;
  for (int i = 0; i < 6; ++i) requests.push_back({"c" + std::to_string(i), {{.network = "front"}}});
  CHECK_THROWS_WITH(book.lease(requests), "network 'front': no free address is left in 10.1.0.0/29");
  CHECK(store.containers_with_leases().empty());
  requests.pop_back();
  CHECK(book.lease(requests).size() == 5);
}

TEST_CASE_FIXTURE(Fixture, "a released address is not the next one given") {
  CHECK(lease("c1", {{.network = "front"}})[0].ipv4 == "10.1.0.2");
  book.release(std::array{std::string{"c1"}});
  CHECK(lease("c2", {{.network = "front"}})[0].ipv4 == "10.1.0.3");
}

TEST_CASE_FIXTURE(Fixture, "static addresses belong to one container") {
  CHECK(lease("c1", {{.network = "front", .ipv4_address = "10.1.0.5"}})[0].ipv4 == "10.1.0.5");
  CHECK_THROWS_WITH(lease("c2", {{.network = "front", .ipv4_address = "10.1.0.5"}}),
                    "network 'front': address 10.1.0.5 is in use by container c1");
  store.name_containers_with([](const std::string& id) { return std::optional{"shop-" + id}; });
  CHECK_THROWS_WITH(lease("c2", {{.network = "front", .ipv4_address = "10.1.0.5"}}),
                    "network 'front': address 10.1.0.5 is in use by container shop-c1");
  CHECK_THROWS_WITH(lease("c2", {{.network = "front", .ipv6_address = "fd00::5"}}),
                    "network 'front' has no IPv6 subnet for address fd00::5");
  CHECK_THROWS_WITH(lease("c2", {{.network = "front", .mac_address = "nonsense"}}),
                    "network 'front': 'nonsense' is not a MAC address");
  CHECK_THROWS_WITH(lease("c2", {{.network = "nowhere"}}), "network 'nowhere' does not exist");
  CHECK_THROWS_WITH(lease("c2", {{.network = "front"}, {.network = "front"}}),
                    "network 'front' is attached twice to one container");
}
