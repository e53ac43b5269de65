#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using lower::signal_number;

TEST_SUITE("compose/lower/signal_number") {
  TEST_CASE("names in any spelling, numbers, real-time signals") {
    CHECK(signal_number("SIGTERM") == 15);
    CHECK(signal_number("quit") == 3);
    CHECK(signal_number("9") == 9);
    CHECK(signal_number("SIGRTMIN") == 34);
    CHECK(signal_number("SIGRTMIN+3") == 37);
    CHECK(signal_number("RTMAX-1") == 63);
  }
  TEST_CASE("anything else is an error") {
    for (const char* name : {"", "SIGNOPE", "0", "65", "15x", "RTMIN+99", "RTMINx", "-1"}) {
      CAPTURE(name);
      CHECK_THROWS_WITH_AS((void)signal_number(name), base::text("unknown signal \"{}\"", name).c_str(),
                           base::Error);
    }
  }
}
