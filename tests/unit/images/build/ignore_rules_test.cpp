#include "images/build/ignore_rules.hpp"

#include <chrono>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using images::Glob;
using images::IgnoreRules;

TEST_SUITE("images/build/ignore_rules") {
  TEST_CASE("patterns match as in .dockerignore") {
    struct Case {
      const char* pattern;
      const char* path;
      bool ignored;
    };
    const Case cases[] = {
        {"a", "a", true},
        {"a", "a/b/c", true},
        {"a", "b/a", false},
        {"/a", "a", true},
        {"*.c", "x.c", true},
        {"*.c", "d/x.c", false},
        {"**/*.c", "d/e/x.c", true},
        {"**/*.c", "x.c", true},
        {"d/**", "d/x", true},
        {"d/**", "d", false},
        {"d/**/x", "d/x", true},
        {"d/**/x", "d/a/b/x", true},
        {"d/**/x", "d/ax", false},
        {"?.c", "x.c", true},
        {"?.c", "xy.c", false},
        {"?", "/", false},
        {"[a-c]x", "bx", true},
        {"[^a-c]x", "bx", false},
        {"[^a-c]x", "dx", true},
        {"\\*", "*", true},
        {"\\*", "x", false},
        {"*/x", "d/x", true},
        {"*/x", "d/e/x", false},
        {"**", "any/thing", true},
        {"a/../b", "b", true},
        {"a/", "a/x", true},
        {".", "x", false},
        {"**/node_modules", "p/node_modules/q", true},
        {"a*b*c", "aXbYc", true},
        {"a*b*c", "aXc", false},
    };
    for (const auto& c : cases)
      CHECK_MESSAGE(IgnoreRules(std::string{c.pattern} + "\n", "f").ignores(c.path) == c.ignored, c.pattern,
                    " ", c.path);
  }

  TEST_CASE("the last pattern that matches decides") {
    const IgnoreRules rules{"*\n!src\nsrc/*.log\n!src/keep.log\n", ".dockerignore"};
    CHECK(rules.ignores("README"));
    CHECK_FALSE(rules.ignores("src"));
    CHECK_FALSE(rules.ignores("src/main.c"));
    CHECK(rules.ignores("src/x.log"));
    CHECK_FALSE(rules.ignores("src/keep.log"));
    CHECK(rules.has_exceptions());
  }

  TEST_CASE("comments, blank lines and a byte order mark are skipped") {
    const IgnoreRules rules{"\xEF\xBB\xBF# x\n\n  \na\r\n", ".dockerignore"};
    CHECK(rules.ignores("a"));
    CHECK_FALSE(rules.ignores("# x"));
  }

  TEST_CASE("a bad pattern names its line") {
    CHECK_THROWS_WITH_AS(IgnoreRules("a\n[b\n", ".dockerignore"),
                         ".dockerignore:2: pattern '[b': the '[' is not closed", base::Error);
    CHECK_THROWS_WITH_AS(IgnoreRules("!\n", ".dockerignore"), ".dockerignore:1: '!' without a pattern",
                         base::Error);
  }

  TEST_CASE("no pattern takes exponential time") {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "**/*a*";
    const std::string path(2000, 'a');
    CHECK_FALSE(Glob{pattern + "b"}.matches(path + "/" + path));
  }
}
