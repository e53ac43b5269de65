#include "base/similar.hpp"

#include <array>

#include <doctest/doctest.h>

using namespace compose;

TEST_SUITE("base/similar") {
  TEST_CASE("a word is near to those that differ in a letter or have two swapped") {
    constexpr auto known = std::to_array<std::string_view>({"image", "command", "VERSION"});
    CHECK(base::nearest("imagee", known) == "image");
    CHECK(base::nearest("comamnd", known) == "command");
    CHECK(base::nearest("VERSON", known) == "VERSION");
    CHECK(base::nearest("version", known).empty());
    CHECK(base::nearest("im", known).empty());
    CHECK(base::nearest("", known).empty());
  }
}
