#include "base/text.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::base;

TEST_SUITE("base/text") {
  TEST_CASE("a command is one line, with quotes around what has blanks") {
    const std::vector<std::string> argv{"sh", "-c", "a\nb", ""};
    CHECK(command_line(argv) == "sh -c 'a b' ''");
  }
  TEST_CASE("placeholders are filled in order") {
    CHECK(text("open '{}' as {}{}", std::string{"/x"}, 7, '!') == "open '/x' as 7!");
    CHECK(text("plain") == "plain");
    CHECK(text("{} {}", true, -1) == "true -1");
  }
  TEST_CASE("lower case touches the letters of ASCII only") {
    CHECK(lower_case("Web-1.AZ@[`{\xc3\x84") == "web-1.az@[`{\xc3\x84");
    CHECK(lower_case("").empty());
  }
  TEST_CASE("upper case touches the letters of ASCII only") {
    CHECK(upper_case("Web-1.az@[`{\xc3\xa4") == "WEB-1.AZ@[`{\xc3\xa4");
    CHECK(upper_case("").empty());
  }
  TEST_CASE("hexadecimal digits are of either case") {
    std::string values;
    for (const char c : std::string{"09afAF"}) values += text("{} ", hex_digit(c));
    CHECK(values == "0 9 10 15 10 15 ");
    for (const char c : std::string{"/:`g@G \xc3"}) CHECK(hex_digit(c) == -1);
  }
  TEST_CASE("a refused system call says what was being done and why") {
    CHECK_THROWS_WITH_AS((errno = ENOENT, check(-1, "open '{}'", "/nope")),
                         "open '/nope': No such file or directory", SysError);
  }
  TEST_CASE("context goes in front") {
    CHECK_THROWS_WITH_AS(with_context("service 'web'", [] { fail("no image"); }), "service 'web': no image",
                         Error);
  }
  TEST_CASE("a refused system call keeps its code when context goes in front") {
    try {
      with_context("read 'x'", [] { throw SysError(ENODEV, "read"); });
      FAIL("nothing was thrown");
    } catch (const SysError& e) {
      CHECK(e.code() == ENODEV);
      CHECK(e.what() == std::string{"read 'x': read: No such device"});
    }
  }
}
