#include "net/spec/ip.hpp"

#include <doctest/doctest.h>

using namespace compose::net;

TEST_CASE("addresses and subnets print as they were read") {
  for (const char* text : {"10.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "fd00::1"})
    CHECK(IpAddress::parse(text)->str() == text);
  CHECK(Subnet::parse("172.20.3.4/16")->str() == "172.20.0.0/16");
  CHECK(Subnet::parse("fd12:3456::9/64")->str() == "fd12:3456::/64");
}

TEST_CASE("what is not an address or a subnet is nothing") {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "a", "1.2.3.4 ", "fe80::1%eth0", "::g"})
    CHECK_FALSE(IpAddress::parse(text));
  for (const char* text :
       {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "/8"})
    CHECK_FALSE(Subnet::parse(text));
}

TEST_CASE("addresses are numbers to add to") {
  CHECK(IpAddress::parse("10.0.0.255")->plus(1).str() == "10.0.1.0");
  CHECK(IpAddress::parse("255.255.255.255")->plus(1).str() == "0.0.0.0");
  CHECK(IpAddress::parse("fd00::ffff")->plus(0x10001).str() == "fd00::2:0");
}

TEST_CASE("subnets overlap when one contains the other") {
  const auto a = *Subnet::parse("10.1.0.0/16");
  CHECK(a.overlaps(*Subnet::parse("10.1.2.0/24")));
  CHECK(Subnet::parse("10.1.2.0/24")->overlaps(a));
  CHECK_FALSE(a.overlaps(*Subnet::parse("10.2.0.0/16")));
  CHECK_FALSE(a.overlaps(*Subnet::parse("fd00::/8")));
  CHECK(a.last().str() == "10.1.255.255");
}
