#include "base/json.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

namespace compose::base {

TEST_CASE("JSON that cannot be read is an error that names what was read") {
  CHECK_THROWS_WITH_AS(parse_json(std::string(100'000, '['), "it"), "read it: nested more than 256 deep",
                       Error);
  CHECK(parse_json("[" + std::string(255, '[') + "\"[[\\\"[\"" + std::string(255, ']') + "]", "it").size() ==
        1);
  CHECK_THROWS_WITH_AS(parse_json("{\"a\":", "the summary"), "read the summary: damaged JSON at byte 6",
                       Error);
  CHECK_THROWS_WITH_AS(parse_json("[1e999]", "the summary"),
                       "read the summary: a number in the JSON is out of range", Error);
}

}  // namespace compose::base
