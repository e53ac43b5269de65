#include "net/link_names.hpp"

#include <doctest/doctest.h>

using namespace compose::net;
using compose::base::HostPath;

TEST_CASE("link names fit the kernel's fifteen bytes") {
  CHECK(bridge_name(NetworkId{"0123456789abcdef"}) == "cmp-01234567");
  CHECK(veth_name("0123456789abcdef", 0) == "cv01234567890");
  CHECK(veth_name("0123456789abcdef", 35) == "cv0123456789z");
  CHECK(interface_name(3) == "eth3");
  CHECK_THROWS_WITH(static_cast<void>(veth_name("0123456789abcdef", 36)),
                    "container 0123456789ab: more than 36 networks");
}

TEST_CASE("another run root has another group and another table") {
  CHECK(firewall_table(HostPath{"/run/compose"}) == "compose");
  CHECK(firewall_table(HostPath{"/tmp/x"}).size() == std::string{"compose-01234567"}.size());
  CHECK(firewall_table(HostPath{"/tmp/x"}) != firewall_table(HostPath{"/tmp/y"}));
  CHECK(link_group(HostPath{"/tmp/x"}) != link_group(HostPath{"/tmp/y"}));
  CHECK(link_group(HostPath{"/run/compose"}) != 0);
}
