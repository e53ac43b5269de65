#include "compose/ui/style.hpp"

#include <doctest/doctest.h>

using namespace compose::ui;

TEST_SUITE("compose/ui/style") {
  TEST_CASE("control characters are shown, ends of lines stay") {
    CHECK(printable("a\x1b[31mb\x7f\r\n\tc\xc3\xa9") == "a\\x1b[31mb\\x7f\\x0d\n\tc\xc3\xa9");
  }
}
