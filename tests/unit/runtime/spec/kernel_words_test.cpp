#include "runtime-shim/spec/kernel_words.hpp"

#include <algorithm>
#include <sys/resource.h>

#include <doctest/doctest.h>

using namespace compose::rt;

TEST_SUITE("runtime/spec/kernel_words") {
  TEST_CASE("names of capabilities are read in any case, with or without the prefix") {
    CHECK(capability_number("CAP_CHOWN") == 0);
    CHECK(capability_number("net_raw") == 13);
    CHECK(capability_number("Cap_Checkpoint_Restore") == 40);
    CHECK(capability_words()[13] == "NET_RAW");
    CHECK_FALSE(capability_number("CAP_").has_value());
    CHECK_FALSE(capability_number("NOPE").has_value());
  }

  TEST_CASE("resource limits are those of setrlimit") {
    const auto limits = resource_limits();
    const auto files = std::ranges::find(limits, "nofile", &NamedLimit::name);
    REQUIRE(files != limits.end());
    CHECK(files->resource == RLIMIT_NOFILE);
    CHECK(limits.size() == RLIMIT_NLIMITS);
  }

  TEST_CASE("a kernel parameter belongs to a namespace or to the host") {
    CHECK(home_of_parameter("net.ipv4.ip_forward") == ParameterHome::network);
    CHECK(home_of_parameter("net/ipv4/conf/eth0.100/mtu") == ParameterHome::network);
    CHECK(home_of_parameter("kernel.shmmax") == ParameterHome::ipc);
    CHECK(home_of_parameter("fs.mqueue.msg_max") == ParameterHome::ipc);
    CHECK(home_of_parameter("kernel.domainname") == ParameterHome::uts);
    for (const char* key :
         {"vm.swappiness", "kernel.core_pattern", "net", "net.", "net..x", "net/../vm/swappiness", ""})
      CHECK(home_of_parameter(key) == ParameterHome::host);
  }
}
