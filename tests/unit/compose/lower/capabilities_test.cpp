#include <algorithm>

#include "compose/lower/service_lowering.hpp"
#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;
using lower::final_capabilities;

TEST_SUITE("compose/lower/capabilities") {
  TEST_CASE("the default are Docker's fourteen") {
    CHECK(final_capabilities({}, {}, false) ==
          Strings{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
                  "CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT",
                  "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP"});
  }
  TEST_CASE("add and drop change the default, in any spelling") {
    const Strings set = final_capabilities({"net_admin"}, {"CAP_MKNOD", "net_raw"}, false);
    CHECK(set.size() == 13);
    CHECK(std::ranges::find(set, "CAP_NET_ADMIN") != set.end());
    CHECK(std::ranges::find(set, "CAP_MKNOD") == set.end());
    CHECK(final_capabilities({"KILL"}, {"KILL"}, false).size() == 14);
  }
  TEST_CASE("ALL works on both sides") {
    CHECK(final_capabilities({}, {"ALL"}, false).empty());
    CHECK(final_capabilities({"CHOWN"}, {"all"}, false) == Strings{"CAP_CHOWN"});
    CHECK(final_capabilities({"ALL"}, {}, false).size() == 41);
    CHECK(final_capabilities({"ALL"}, {"SYS_ADMIN"}, false).size() == 40);
  }
  TEST_CASE("privileged is everything") {
    CHECK(final_capabilities({}, {"ALL"}, true).size() == 41);
  }
  TEST_CASE("an unknown name is an error") {
    OneService one;
    one.web().cap_add = {"FLY"};
    one.check_error("service \"web\": unknown capability \"FLY\"");
  }
}
