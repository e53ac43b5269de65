#include "images/build/remote_cache.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::images;

TEST_SUITE("images/build/remote_cache") {
  TEST_CASE("a cache is a directory or a name in a registry") {
    CHECK(parse_cache_location("type=local,src=/c") == CacheLocation{true, "/c"});
    CHECK(parse_cache_location("type=local,dest=./c,mode=max") == CacheLocation{true, "./c"});
    CHECK(parse_cache_location("type=registry,ref=h:5000/c:1") == CacheLocation{false, "h:5000/c:1"});
    CHECK(parse_cache_location("h/c") == CacheLocation{false, "h/c"});
    CHECK_FALSE(parse_cache_location("type=gha"));
    CHECK_FALSE(parse_cache_location("src=/c"));
  }

  TEST_CASE("a type without its place is refused") {
    CHECK_THROWS_WITH_AS(static_cast<void>(parse_cache_location("type=registry")),
                         "'type=registry': type=registry needs ref=", compose::base::Error);
    CHECK_THROWS_WITH_AS(static_cast<void>(parse_cache_location("type=local")),
                         "'type=local': type=local needs src= or dest=", compose::base::Error);
  }
}
