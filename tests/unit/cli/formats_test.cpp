#include "compose/cli/formats.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using compose::cli::check_format;

TEST_SUITE("cli/formats") {
  TEST_CASE("table, json and templates") {
    CHECK_NOTHROW(check_format("table"));
    CHECK_NOTHROW(check_format("json"));
    CHECK_NOTHROW(check_format("table {{.Name}}"));
    CHECK_THROWS_WITH_AS(check_format("yaml"),
                         "unsupported format \"yaml\": must be table, json or a template",
                         compose::cli::UsageError);
    CHECK_THROWS_WITH_AS(check_format("{{.Name"), "format:1:1: this action has no }}\n    {{.Name\n    ^",
                         compose::base::Error);
  }
}
