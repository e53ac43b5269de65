#include "compose/ui/table.hpp"

#include <doctest/doctest.h>

#include "compose/ui/style.hpp"

using compose::ui::shorten;
using compose::ui::Table;

TEST_SUITE("ui/table") {
  TEST_CASE("columns are as wide as their widest cell and a gap, and at least the minimum") {
    Table table{{"NAME", "A LONG HEADING", "LAST"}};
    table.row({"web-1", "x", "end"});
    table.row({"a-name-of-many-letters", "y", "end"});
    CHECK(table.text() ==
          "NAME                     A LONG HEADING   LAST\n"
          "web-1                    x                end\n"
          "a-name-of-many-letters   y                end\n");
  }

  TEST_CASE("a cell of several bytes a letter is padded by letters") {
    Table table{{"A", "B"}, 0};
    table.row({"größe", "x"});
    CHECK(table.text() == "A       B\ngröße   x\n");
  }

  TEST_CASE("text that is too long ends in an ellipsis") {
    CHECK(shorten("nginx -g 'daemon off;'", 18) == "nginx -g 'daemon …");
    CHECK(shorten("short", 18) == "short");
    CHECK(shorten("ääää", 3) == "ää…");
    CHECK(shorten("abc", 0) == "");
    CHECK(compose::ui::first_characters("größe", 3) == "grö");
  }

  TEST_CASE("log prefixes go through ten colours and begin again") {
    CHECK(compose::ui::prefix_colour(0) == "\x1b[36m");
    CHECK(compose::ui::prefix_colour(10) == compose::ui::prefix_colour(0));
    CHECK(compose::ui::prefix_colour(5) != compose::ui::prefix_colour(0));
  }
}
