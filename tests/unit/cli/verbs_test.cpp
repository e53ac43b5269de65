#include <doctest/doctest.h>

#include "compose/cli/bring_up.hpp"
#include "compose/cli/verb.hpp"

using namespace compose::cli;

TEST_SUITE("cli/verbs") {
  TEST_CASE("every verb explains itself with an example") {
    for (const auto& entry : all_verbs()) {
      CAPTURE(entry.name);
      CHECK(find_verb(entry.name) == &entry);
      Arguments arguments{std::string{entry.name}, std::string{entry.summary}};
      const auto verb = entry.make();
      verb->declare(arguments);
      CHECK(arguments.help().find("\nExamples:\n  compose ") != std::string::npos);
    }
  }

  TEST_CASE("a mistyped verb suggests the one that was meant") {
    CHECK(similar_verb("pss") == "ps");
    CHECK(similar_verb("strat") == "start");
    CHECK(similar_verb("xyzzy").empty());
    CHECK(find_verb("xyzzy") == nullptr);
    CHECK(find_verb("convert") == find_verb("config"));
  }

  TEST_CASE("scale takes SERVICE=NUMBER and nothing else") {
    CHECK(parse_scale({"web=3", "db=0"}) == std::map<std::string, std::uint32_t>{{"web", 3}, {"db", 0}});
    CHECK_THROWS_WITH(static_cast<void>(parse_scale({"web"})),
                      "invalid scale specifier \"web\": expected SERVICE=NUMBER");
    CHECK_THROWS_WITH(static_cast<void>(parse_scale({"web=-1"})),
                      "invalid scale specifier \"web=-1\": \"-1\" must be a number, 0 or more");
    CHECK_THROWS_WITH(static_cast<void>(parse_scale({"web="})),
                      "invalid scale specifier \"web=\": \"\" must be a number, 0 or more");
  }
}
