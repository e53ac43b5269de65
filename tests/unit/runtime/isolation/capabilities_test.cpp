#include "runtime-shim/isolation/capabilities.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

TEST_SUITE("runtime/isolation/capabilities") {
  TEST_CASE("Docker's fourteen are the mask a80425fb") {
    const std::vector<std::string> names{
        "CHOWN",   "DAC_OVERRIDE",     "FOWNER",  "FSETID",     "KILL",  "SETGID",      "SETUID",
        "SETPCAP", "NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"};
    CHECK(capability_mask(names) == 0xa80425fb);
    const std::vector<std::string> unknown{"CAP_X"};
    CHECK_THROWS_WITH_AS(capability_mask(unknown), "capability 'CAP_X' is unknown", base::Error);
  }

  TEST_CASE("a mask is told by its names") {
    CHECK(capability_names(0b100001) == "CAP_CHOWN, CAP_KILL");
    CHECK(capability_names(0) == "");
    CHECK(capability_name(50) == "CAP_50");
  }
}
