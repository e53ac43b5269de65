#include "base/kernel_parameter.hpp"

#include <doctest/doctest.h>

using namespace compose::base;

TEST_SUITE("base/kernel_parameter") {
  TEST_CASE("the first separator of a kernel parameter decides") {
    CHECK(parameter_path("vm.swappiness") == "vm/swappiness");
    CHECK(parameter_path("net.ipv4.conf.eth0/100.mtu") == "net/ipv4/conf/eth0.100/mtu");
    CHECK(parameter_path("net/ipv4/conf/eth0.100/mtu") == "net/ipv4/conf/eth0.100/mtu");
  }
  TEST_CASE("a kernel parameter leads nowhere else") {
    using namespace std::string_view_literals;
    for (const auto key : {""sv, "net."sv, "net..x"sv, "net/../vm/swappiness"sv, "net/./x"sv, "/net/x"sv,
                           ".net"sv, ".."sv, "net.//.x"sv, "net.a\0b"sv}) {
      CAPTURE(key);
      CHECK_FALSE(parameter_path(key));
    }
  }
}
