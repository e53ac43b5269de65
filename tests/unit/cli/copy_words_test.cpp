#include "compose/cli/copy_words.hpp"

#include <doctest/doctest.h>

#include "compose/cli/arguments.hpp"

using namespace compose::cli;

TEST_SUITE("cli/copy_words") {
  TEST_CASE("what is before the first colon is a service, unless the word is plainly a path") {
    CHECK(parse_copy_word("web:/etc/x") == CopyWord{"web", "/etc/x"});
    CHECK(parse_copy_word("web:a:b") == CopyWord{"web", "a:b"});
    CHECK(parse_copy_word("x") == CopyWord{"", "x"});
    for (const auto* path : {"./a:b", "../a:b", ".a:b", "/a:b", ":a", "-", ""})
      CHECK(parse_copy_word(path) == CopyWord{"", path});
    CHECK(parse_copy_word("-").is_tar());
    CHECK_FALSE(parse_copy_word("web:-").is_tar());
  }

  TEST_CASE("exactly one side is in a container, and no path is empty") {
    const auto check = [](const char* from, const char* to) {
      check_copy_words(parse_copy_word(from), parse_copy_word(to));
    };
    CHECK_NOTHROW(check("web:/x", "-"));
    CHECK_NOTHROW(check("-", "web:/x"));
    CHECK_THROWS_WITH_AS(check("web:/x", "db:/x"),
                         "copying between services is not supported: copy to a file or to - first",
                         UsageError);
    CHECK_THROWS_WITH_AS(check("x", "./db:/x"),
                         "neither side is in a container: one of them must be SERVICE:PATH", UsageError);
    CHECK_THROWS_WITH_AS(check("web:", "x"), "\"web:\" has no path: must be SERVICE:PATH", UsageError);
    CHECK_THROWS_WITH_AS(check("", "web:/x"), "the path is empty", UsageError);
  }
}
