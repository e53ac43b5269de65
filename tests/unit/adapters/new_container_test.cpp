#include "compose/adapters/new_container.hpp"

#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::adapters;

namespace {

struct SpecWorld {
  sched::DesiredState desired{.project = "shop"};
  sched::DesiredService service{.name = "web", .image = "web:1", .image_id = "sha256:1"};
  Paths paths;

  SpecWorld() {
    desired.networks.push_back({.key = "default", .spec = {.name = "shop_default"}});
    desired.volumes.push_back({.key = "data", .name = "shop_data"});
    service.spec.process.argv = {"sleep", "1"};
    service.attachments.push_back({.network = "default", .aliases = {"www"}});
  }

  NewContainer make(bool one_off = false, std::vector<MountedVolume> inherited = {},
                    std::vector<std::pair<std::string, rt::ContainerSpec>> peers = {}) {
    return make_container({.service = service,
                           .desired = desired,
                           .paths = paths,
                           .name = "shop-web-1",
                           .number = one_off ? 0 : 1,
                           .one_off = one_off,
                           .layers = {base::HostPath{"/layers/a"}},
                           .inherited = std::move(inherited),
                           .peers = std::move(peers),
                           .spec_of_named = [](const std::string& name) -> rt::ContainerSpec {
                             base::fail("no such container: {}", name);
                           },
                           .now = 7});
  }
};

const rt::BindMount& bind(const rt::Mount& mount) {
  return std::get<rt::BindMount>(mount);
}

}  // namespace

TEST_SUITE("adapters/new_container") {
  TEST_CASE("who has the host's network has the host's name, unless the file gives another") {
    SpecWorld w;
    w.service.spec.security.network.mode = rt::NamespaceMode::host;
    char host[256] = {};
    REQUIRE(::gethostname(host, sizeof host - 1) == 0);
    CHECK(w.make().spec.hostname == host);
    w.service.spec.hostname = "other";
    CHECK(w.make().spec.hostname == "other");
  }

  TEST_CASE("a container has an id, a writable layer of its own and the labels of its number") {
    SpecWorld w;
    const auto made = w.make();
    CHECK(made.spec.id.str().size() == 64);
    CHECK(made.spec.hostname == made.spec.id.short_form());
    CHECK(made.spec.rootfs.upper.str() == "/var/lib/compose/containers/" + made.spec.id.str() + "/upper");
    CHECK(made.spec.rootfs.lower == std::vector{base::HostPath{"/layers/a"}});
    CHECK(made.record.labels.at("com.docker.compose.container-number") == "1");
    CHECK(made.record.labels.at("com.docker.compose.oneoff") == "False");
    CHECK(made.record.summary.command == "sleep 1");
    w.service.spec.process.argv = {"nginx", "-g", "daemon off;"};
    CHECK(w.make().record.summary.command == "nginx -g 'daemon off;'");
    CHECK(made.record.summary.networks == std::vector<std::string>{"shop_default"});
  }

  TEST_CASE("a one-off has no number") {
    SpecWorld w;
    const auto made = w.make(true);
    CHECK(made.record.labels.at("com.docker.compose.oneoff") == "True");
    CHECK_FALSE(made.record.labels.contains("com.docker.compose.container-number"));
  }

  TEST_CASE("named volumes are where their name says, anonymous ones new or taken over") {
    SpecWorld w;
    w.service.volumes = {{.volume = "data", .target = "/data"}, {.target = "/cache"}};
    const auto fresh = w.make();
    CHECK(bind(fresh.spec.mounts[0]).source.str() == "/var/lib/compose/volumes/shop_data/_data");
    REQUIRE(fresh.anonymous_volumes.size() == 1);
    CHECK(fresh.anonymous_volumes[0].name.size() == 64);
    CHECK(fresh.anonymous_volumes[0].owner == fresh.spec.id);
    const auto taken = w.make(false, {{"old", "/cache", true}});
    CHECK(bind(taken.spec.mounts[1]).source.str() == "/var/lib/compose/volumes/old/_data");
  }

  TEST_CASE("a volume that binds a host directory is that directory") {
    CHECK(data_of_volume({}, "v", {{"type", "none"}, {"o", "bind"}, {"device", "/srv/x"}}).str() == "/srv/x");
    CHECK(data_of_volume({}, "v", {{"o", "bind"}}).str() == "/var/lib/compose/volumes/v/_data");
  }

  TEST_CASE("a shared namespace becomes the id of its owner") {
    SpecWorld w;
    w.service.spec.security.network = {rt::NamespaceMode::shared, rt::ContainerId{"service:db"}};
    rt::ContainerSpec db;
    db.id = rt::ContainerId{"dbid"};
    const auto made = w.make(false, {}, {{"db", db}});
    CHECK(made.spec.security.network.container.str() == "dbid");
    CHECK(made.record.summary.joins == std::vector<std::string>{"dbid"});
    CHECK_THROWS_WITH_AS(w.make(), "cannot share network namespace with service db: container missing",
                         base::Error);
  }

  TEST_CASE("a part of a volume is a path inside it") {
    SpecWorld w;
    w.service.volumes = {{.volume = "data", .target = "/data", .subpath = "a/b"}};
    const auto made = w.make();
    CHECK(bind(made.spec.mounts[0]).inside == "a/b");
    CHECK(bind(made.spec.mounts[0]).source.str().ends_with("/_data"));
  }

  TEST_CASE("volumes of another service are mounted where nothing else is") {
    SpecWorld w;
    w.service.volumes = {{.volume = "data", .target = "/data"}};
    w.service.volumes_from = {{.service = "db", .read_only = true}};
    rt::ContainerSpec db;
    db.mounts = {rt::BindMount{.source = base::HostPath{"/a"}, .target = rt::ContainerPath{"/data"}},
                 rt::BindMount{.source = base::HostPath{"/b"}, .target = rt::ContainerPath{"/other"}}};
    const auto made = w.make(false, {}, {{"db", db}});
    REQUIRE(made.spec.mounts.size() == 2);
    CHECK(bind(made.spec.mounts[1]).source.str() == "/b");
    CHECK(bind(made.spec.mounts[1]).read_only);
  }

  TEST_CASE("a container answers to its service, its aliases and its own names; a one-off to its own alone") {
    SpecWorld w;
    auto spec = w.make().spec;
    const std::vector<net::Lease> leases{
        {.network = net::NetworkId{"n"}, .network_name = "shop_default", .ipv4 = "10.0.0.2"}};
    const auto table = [](const net::NetworkId& id) { return base::HostPath{"/run/" + id.str()}; };
    const auto attachments = named_attachments(w.desired, w.service);
    set_endpoints(spec, "web", attachments, leases, table);
    CHECK(spec.endpoints[0].group_names == std::vector<std::string>{"web", "www"});
    CHECK(spec.endpoints[0].own_names == std::vector<std::string>{"shop-web-1", spec.id.short_form()});
    CHECK(spec.endpoints[0].names_table.str() == "/run/n");
    set_endpoints(spec, "", attachments, leases, table);
    CHECK(spec.endpoints[0].group_names.empty());
  }

  TEST_CASE("host-gateway is the host's address on the first network that leads outside") {
    rt::ContainerSpec spec;
    spec.dns.extra_hosts = {{"host.docker.internal", "host-gateway"}, {"db", "10.0.0.9"}};
    const net::Lease inside{.ipv4 = "10.1.0.2", .ipv4_gateway = "10.1.0.1", .internal = true};
    const net::Lease outside{.ipv4 = "10.2.0.2", .ipv4_gateway = "10.2.0.1"};
    auto named = spec;
    name_host_gateway(named, {inside, outside});
    CHECK(named.dns.extra_hosts[0].second == "10.2.0.1");
    CHECK(named.dns.extra_hosts[1].second == "10.0.0.9");
    named = spec;
    named.security.network.mode = rt::NamespaceMode::host;
    name_host_gateway(named, {});
    CHECK(named.dns.extra_hosts[0].second == "127.0.0.1");
    CHECK_THROWS_WITH_AS(name_host_gateway(spec, {inside}),
                         "extra_hosts: \"host.docker.internal:host-gateway\": the container is on no network "
                         "that leads to the host",
                         base::Error);
  }
}
