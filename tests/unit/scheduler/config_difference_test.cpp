#include "scheduler/config_difference.hpp"

#include <doctest/doctest.h>

using compose::sched::config_difference;

TEST_SUITE("scheduler/config_difference") {
  TEST_CASE("the members that differ are named, one level deep") {
    CHECK(config_difference(R"({"command":["a"],"environment":{"A":"1","B":"2"}})",
                            R"({"command":["b"],"environment":{"A":"1","B":"3","C":"4"}})") ==
          "configuration changed: command, environment.B, environment.C");
  }
  TEST_CASE("many differences are cut short") {
    CHECK(config_difference(R"({})", R"({"a":1,"b":1,"c":1,"d":1,"e":1})") ==
          "configuration changed: a, b, c, d, ...");
  }
  TEST_CASE("without both texts nothing more is said") {
    CHECK(config_difference("", "{}") == "configuration changed");
    CHECK(config_difference("{}", "") == "configuration changed");
    CHECK(config_difference("{", "[]") == "configuration changed");
    CHECK(config_difference("{}", "{}") == "configuration changed");
  }
}
