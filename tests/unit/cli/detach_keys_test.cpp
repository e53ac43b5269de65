#include "compose/cli/detach_keys.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using compose::cli::DetachKeys;

TEST_SUITE("cli/detach_keys") {
  TEST_CASE("the keys end it, whether they come at once or one by one") {
    DetachKeys at_once{DetachKeys::k_default};
    CHECK(at_once.pass("ls\x10\x11more") == "ls");
    CHECK(at_once.complete());
    DetachKeys one_by_one{DetachKeys::k_default};
    CHECK(one_by_one.pass("\x10").empty());
    CHECK_FALSE(one_by_one.complete());
    CHECK(one_by_one.pass("\x11").empty());
    CHECK(one_by_one.complete());
  }

  TEST_CASE("what only begins like them goes on to the container") {
    DetachKeys keys{DetachKeys::k_default};
    CHECK(keys.pass("\x10x") == "\x10x");
    CHECK(keys.pass("\x10") == "");
    CHECK(keys.pass("\x10") == "\x10");
    CHECK(keys.pass("a\x11") ==
          "\x10"
          "a\x11");
    CHECK_FALSE(keys.complete());
    DetachKeys twice{"a,a,b"};
    CHECK(twice.pass("aaab") == "a");
    CHECK(twice.complete());
  }

  TEST_CASE("any keys, and those that are none") {
    DetachKeys keys{"x,ctrl-@,ctrl-[,ctrl-_"};
    CHECK(keys.pass({"x\0\x1b\x1f", 4}).empty());
    CHECK(keys.complete());
    CHECK_THROWS_WITH(DetachKeys{"ctrl-p,"},
                      "invalid detach keys \"ctrl-p,\": \"\" is neither a character nor ctrl- and a letter");
    CHECK_THROWS_WITH(
        DetachKeys{"ctrl-P"},
        "invalid detach keys \"ctrl-P\": \"ctrl-P\" is neither a character nor ctrl- and a letter");
  }
}
