#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;

TEST_SUITE("compose/lower/lower_network") {
  TEST_CASE("the service's name is always an alias") {
    OneService one;
    one.web().networks["default"] = model::ServiceNetwork{
        .aliases = {"www", "web"}, .ipv4_address = "172.20.0.9", .mac_address = "02:00:00:00:00:01"};
    CHECK(one.lowered().attachments == std::vector<net::AttachmentSpec>{{.network = "default",
                                                                         .aliases = {"web", "www"},
                                                                         .ipv4_address = "172.20.0.9",
                                                                         .mac_address = "02:00:00:00:00:01",
                                                                         .priority = 1}});
  }

  TEST_CASE("networks come by priority, then by name; the first has the way out unless one asks for it") {
    OneService one;
    one.web().networks = {
        {"a", model::ServiceNetwork{}}, {"b", model::ServiceNetwork{.priority = 10}}, {"c", std::nullopt}};
    one.web().mac_address = "02:00:00:00:00:02";
    auto attachments = one.lowered().attachments;
    REQUIRE(attachments.size() == 3);
    CHECK(attachments[0].network == "b");
    CHECK(attachments[0].priority == 1);
    CHECK(attachments[0].mac_address == "02:00:00:00:00:02");
    CHECK(attachments[1].network == "a");
    CHECK(attachments[2].network == "c");
    one.web().networks["c"] = model::ServiceNetwork{.gw_priority = 5};
    attachments = one.lowered().attachments;
    CHECK(attachments[0].priority == 0);
    CHECK(attachments[2].priority == 5);
  }

  TEST_CASE("a MAC address has one form, however it was written") {
    OneService one;
    one.web().networks = {{"a", model::ServiceNetwork{}}, {"b", model::ServiceNetwork{}}};
    one.web().networks["b"]->mac_address = "02-42-AC-11-00-02";
    one.web().mac_address = "0242.ac11.0003";
    const auto attachments = one.lowered().attachments;
    CHECK(attachments[0].mac_address == "02:42:ac:11:00:03");
    CHECK(attachments[1].mac_address == "02:42:ac:11:00:02");
  }

  TEST_CASE("network modes") {
    OneService one;
    one.web().networks.clear();
    one.web().network_mode = "none";
    CHECK(one.lowered().attachments.empty());
    CHECK(one.lowered().spec.security.network.mode == rt::NamespaceMode::private_);
    one.web().network_mode = "host";
    CHECK(one.lowered().spec.security.network.mode == rt::NamespaceMode::host);
    one.web().network_mode = "macvlan0";
    one.check_error("service \"web\": unsupported network_mode \"macvlan0\"");
    one.web().network_mode = "bridge";
    one.project.networks.clear();
    const auto lowered = one.lower();
    CHECK(lowered.warnings ==
          Strings{"service \"web\": `network_mode: bridge` is treated as the project's default network"});
    CHECK(lowered.state.networks[0].spec.name == "shop_default");
    CHECK(lowered.state.services[0].attachments[0].network == "default");
  }

  TEST_CASE("ports: chosen, fixed, ranges, protocols") {
    OneService one;
    one.web().ports = {{.target = 80, .protocol = "tcp"},
                       {.host_ip = "127.0.0.1", .target = 443, .published = "8443", .protocol = "tcp"},
                       {.target = 53, .published = "5300-5310", .protocol = "udp"}};
    CHECK(one.lowered().ports ==
          std::vector<sched::PortRequest>{
              {.target = 80},
              {.host_address = "127.0.0.1", .published_first = 8443, .published_last = 8443, .target = 443},
              {.protocol = "udp", .published_first = 5300, .published_last = 5310, .target = 53}});
    one.web().ports = {{.target = 80, .published = "http"}};
    one.check_error("service \"web\": invalid published port \"http\"");
    one.web().ports = {{.target = 80, .protocol = "sctp"}};
    one.check_error("service \"web\": port 80: protocol \"sctp\" cannot be published");
  }

  TEST_CASE("exposed ports are the image's and the file's") {
    OneService one;
    one.image().exposed_ports = {"80/tcp"};
    one.web().expose = {"80", "53/udp"};
    CHECK(one.lowered().exposed == Strings{"80/tcp", "53/udp"});
  }

  TEST_CASE("names and resolvers are passed on") {
    OneService one;
    one.web().hostname = "www";
    one.web().domainname = "example.org";
    one.web().dns = {"1.1.1.1"};
    one.web().dns_search = {"example.org"};
    one.web().dns_opt = {"ndots:2"};
    one.web().extra_hosts = {{"db.local", {"10.0.0.1", "10.0.0.2"}},
                             {"host.docker.internal", {"host-gateway"}}};
    const auto spec = one.lowered().spec;
    CHECK(spec.hostname == "www");
    CHECK(spec.domainname == "example.org");
    CHECK(spec.dns == rt::DnsSpec{.servers = {"1.1.1.1"},
                                  .search = {"example.org"},
                                  .options = {"ndots:2"},
                                  .extra_hosts = {{"db.local", "10.0.0.1"},
                                                  {"db.local", "10.0.0.2"},
                                                  {"host.docker.internal", "host-gateway"}}});
  }

  TEST_CASE("a link with an alias gives the target a second name") {
    OneService one;
    one.add("db");
    one.web().links = {"db:database", "db"};
    one.web().depends_on["db"] = {.restart = true};
    const auto state = one.lower().state;
    CHECK(state.services[0].attachments[0].aliases == Strings{"db", "database"});
  }
}
