#include <doctest/doctest.h>

#include "net/sandbox.hpp"

using namespace compose::net;

TEST_CASE("network settings are named as sysctl(8) does") {
  CHECK(sysctl_path("net.core.somaxconn") == "/proc/sys/net/core/somaxconn");
  CHECK(sysctl_path("net/ipv4/ip_forward") == "/proc/sys/net/ipv4/ip_forward");
  CHECK(sysctl_path("net.ipv4.conf.eth0/100.mtu") == "/proc/sys/net/ipv4/conf/eth0.100/mtu");
}

TEST_CASE("nothing outside of the network's settings can be named") {
  for (const char* bad :
       {"kernel.core_pattern", "net", "net.", "net...ipv4", "net/../kernel/core_pattern", "net.ipv4.", ""})
    CHECK_THROWS_WITH(
        sysctl_path(bad),
        (std::string{"sysctl '"} + bad + "' is not a setting of the network namespace").c_str());
}
