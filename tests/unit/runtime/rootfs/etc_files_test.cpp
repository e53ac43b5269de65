#include "runtime-shim/rootfs/etc_files.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

TEST_SUITE("runtime/rootfs/etc_files") {
  TEST_CASE("with a resolver of its own a container asks only that one") {
    const std::vector<std::string> host{"10.0.0.1"};
    CHECK(resolv_conf({.servers = {"1.1.1.1"}, .search = {"a.test", "b.test"}}, true, host) ==
          "nameserver 127.0.0.11\nsearch a.test b.test\noptions ndots:0\n");
    CHECK(resolv_conf({.options = {"timeout:1", "ndots:2"}}, true, host) ==
          "nameserver 127.0.0.11\noptions timeout:1 ndots:2\n");
  }

  TEST_CASE("without one it asks the spec's servers, or else the host's") {
    const std::vector<std::string> host{"10.0.0.1"};
    CHECK(resolv_conf({}, false, host) == "nameserver 10.0.0.1\n");
    CHECK(resolv_conf({.servers = {"1.1.1.1"}}, false, host) == "nameserver 1.1.1.1\n");
  }

  TEST_CASE("hosts has the loopback names, the extra hosts and the own addresses") {
    ContainerSpec spec;
    spec.id = ContainerId{"0123456789abcdef"};
    spec.domainname = "shop.test";
    spec.dns.extra_hosts = {{"db.local", "10.1.1.1"}};
    spec.endpoints = {{.ipv4 = "172.20.0.3", .ipv6 = "fd00::3"}};
    const std::string text = hosts_file(spec);
    CHECK(text.starts_with("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"));
    CHECK(
        text.ends_with("10.1.1.1\tdb.local\n"
                       "172.20.0.3\t0123456789ab.shop.test 0123456789ab\n"
                       "fd00::3\t0123456789ab.shop.test 0123456789ab\n"));
  }

  TEST_CASE("nothing may bring lines of its own") {
    ContainerSpec spec;
    spec.hostname = "a\n6.6.6.6 trap";
    CHECK_THROWS_AS(hosts_file(spec), base::Error);
    CHECK_THROWS_AS(resolv_conf({.search = {"x\nnameserver 6.6.6.6"}}, true, {}), base::Error);
  }
}
