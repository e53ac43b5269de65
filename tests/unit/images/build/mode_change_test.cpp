#include "images/build/mode_change.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using compose::images::ModeChange;

TEST_SUITE("images/build/mode_change") {
  TEST_CASE("a number replaces the mode") {
    CHECK(ModeChange::parse("755").apply(0600, false) == 0755);
    CHECK(ModeChange::parse("04711").apply(0, false) == 04711);
  }

  TEST_CASE("symbols change it as chmod does") {
    CHECK(ModeChange::parse("u=rwX,go=rX").apply(0600, false) == 0644);
    CHECK(ModeChange::parse("u=rwX,go=rX").apply(0700, false) == 0755);
    CHECK(ModeChange::parse("u=rwX,go=rX").apply(0600, true) == 0755);
    CHECK(ModeChange::parse("a-w").apply(0666, false) == 0444);
    CHECK(ModeChange::parse("+x").apply(0644, false) == 0755);
    CHECK(ModeChange::parse("g=u,o=").apply(0751, false) == 0770);
    CHECK(ModeChange::parse("u+s,g+s,+t").apply(0755, true) == 07755);
    CHECK(ModeChange::parse("u+w-x").apply(0555, false) == 0655);
    CHECK(ModeChange::parse("go=r").apply(02777, true) == 02744);
  }

  TEST_CASE("anything else is refused") {
    for (const char* spelling : {"", "9", "17777", "u", "u=q", "z+x", "u=rw,", "0x1"})
      CHECK_THROWS_WITH_AS(static_cast<void>(ModeChange::parse(spelling)),
                           (std::string{"--chmod="} + spelling +
                            ": must be an octal number up to 7777, or a symbolic mode such as 'u=rwX,go=rX'")
                               .c_str(),
                           compose::base::Error);
  }
}
