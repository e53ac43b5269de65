#include "images/registry/challenge.hpp"

#include <doctest/doctest.h>

using namespace compose::images;

TEST_SUITE("images/registry/challenge") {
  TEST_CASE("a bearer challenge has its parameters") {
    const auto challenges = parse_challenges(
        R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push")");
    REQUIRE(challenges.size() == 1);
    CHECK(challenges[0].scheme == "bearer");
    CHECK(challenges[0].parameters.at("realm") == "https://auth.docker.io/token");
    CHECK(challenges[0].parameters.at("scope") == "repository:library/nginx:pull,push");
  }

  TEST_CASE("several challenges stand in one header") {
    const auto challenges =
        parse_challenges(R"(BASIC realm="a \"b\"", Bearer Realm=x , service = y, Negotiate)");
    REQUIRE(challenges.size() == 3);
    CHECK(challenges[0] == Challenge{"basic", {{"realm", "a \"b\""}}});
    CHECK(challenges[1] == Challenge{"bearer", {{"realm", "x"}, {"service", "y"}}});
    CHECK(challenges[2] == Challenge{"negotiate", {}});
  }

  TEST_CASE("what cannot be read ends the list") {
    CHECK(parse_challenges("").empty());
    CHECK(parse_challenges(",,").empty());
    CHECK(parse_challenges("realm=\"x\"").empty());
    CHECK(parse_challenges("Basic realm=\"never closed").front().parameters.empty());
    CHECK(parse_challenges("Basic realm=\"x\" \x01").size() == 1);
    CHECK(parse_challenges("Basic realm=\"x\\").size() == 1);
  }
}
