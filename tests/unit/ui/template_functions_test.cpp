#include "compose/ui/template_functions.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using compose::base::Json;
using namespace compose::ui::templates;

namespace {

Json call(std::string_view name, std::vector<Json> arguments) {
  return call_function(name, arguments);
}

std::string printf_of(std::string_view format, std::vector<Json> values) {
  return format_values(format, values);
}

}  // namespace

TEST_SUITE("ui/template_functions") {
  TEST_CASE("text") {
    CHECK(call("upper", {"größe x"}) == "GRößE X");
    CHECK(call("lower", {"ABC"}) == "abc");
    CHECK(call("title", {"up and running"}) == "Up And Running");
    CHECK(call("split", {"a,b,", ","}) == Json{"a", "b", ""});
    CHECK(call("join", {Json::array({"a", 1, true}), "-"}) == "a-1-true");
    CHECK(call("truncate", {"größe", 3}) == "grö");
    CHECK(call("truncate", {"ab", 3}) == "ab");
    CHECK(call("pad", {"ab", 2, 1}) == "  ab ");
    CHECK(call("pad", {"", 2, 1}) == "");
    CHECK(call("json", {Json{{"a", 1}}}) == "{\"a\":1}");
    CHECK(call("print", {"a", 1, 2, "b"}) == "a1 2b");
    CHECK(call("println", {"a", 1}) == "a 1\n");
  }

  TEST_CASE("parts and sizes") {
    const Json list = Json::array({"a", "b", "c"});
    CHECK(call("len", {"größe"}) == 7);
    CHECK(call("len", {list}) == 3);
    CHECK(call("index", {list, 2}) == "c");
    CHECK(call("index", {Json{{"k", list}}, "k", 0}) == "a");
    CHECK(call("index", {Json{{"k", 1}}, "none"}) == "");
    CHECK(call("slice", {"abcdef", 1, 3}) == "bc");
    CHECK(call("slice", {list, 1}) == Json::array({"b", "c"}));
  }

  TEST_CASE("comparing and deciding") {
    CHECK(call("eq", {1, 2, 1}) == true);
    CHECK(call("eq", {1, 1.0}) == true);
    CHECK(call("ne", {"a", "b"}) == true);
    CHECK(call("lt", {"a", "b"}) == true);
    CHECK(call("le", {2, 2}) == true);
    CHECK(call("gt", {2, 10}) == false);
    CHECK(call("ge", {10, 9}) == true);
    CHECK(call("not", {""}) == true);
    CHECK(call("and", {1, "", 2}) == "");
    CHECK(call("or", {0, "x", 2}) == "x");
    for (const Json& value :
         {Json(), Json(false), Json(0), Json(0.0), Json(""), Json::array(), Json::object()})
      CHECK_FALSE(is_true(value));
    for (const Json& value : {Json(true), Json(-1), Json("0"), Json::array({0})}) CHECK(is_true(value));
  }

  TEST_CASE("values print as Go prints them") {
    CHECK(shown(Json::array({"a", 1, nullptr})) == "[a 1 <no value>]");
    CHECK(shown(Json{{"b", 1}, {"a", true}}) == "{1 true}");
    CHECK(shown(2.5) == "2.5");
  }

  TEST_CASE("printf") {
    CHECK(printf_of("%s|%5s|%-5s|%.2s|%v", {"a", "b", "c", "größe", 5}) == "a|    b|c    |gr|5");
    CHECK(printf_of("%d|%4d|%04d|%+d|% d|%-4d|", {1, 2, -3, 4, 5, 6}) == "1|   2|-003|+4| 5|6   |");
    CHECK(printf_of("%x %X %o %b %x", {255, 255, 8, 5, "hi"}) == "ff FF 10 101 6869");
    CHECK(printf_of("%f %.1f %6.2f %g %e", {1.5, 2, 3.14159, 0.25, 1.0}) ==
          "1.500000 2.0   3.14 0.25 1.000000e+00");
    CHECK(printf_of("%q %t 100%%", {"a\"b", true}) == "\"a\\\"b\" true 100%");
  }

  TEST_CASE("arguments that do not fit are named") {
    CHECK_THROWS_WITH(call("upper", {5}), "upper: takes text, not a number");
    CHECK_THROWS_WITH(call("upper", {}), "upper: takes 1 argument, not 0");
    CHECK_THROWS_WITH(call("eq", {1}), "eq: takes at least 2 arguments, not 1");
    CHECK_THROWS_WITH(call("slice", {1, 2, 3, 4}), "slice: takes at most 3 arguments, not 4");
    CHECK_THROWS_WITH(call("join", {"a", ","}), "join: takes a list, not text");
    CHECK_THROWS_WITH(call("split", {"a", ""}), "split: takes a separator that is not empty");
    CHECK_THROWS_WITH(call("eq", {1, "a"}), "eq: cannot compare a number with text");
    CHECK_THROWS_WITH(call("lt", {true, false}), "lt: cannot order true or false and true or false");
    CHECK_THROWS_WITH(call("pad", {"a", 1, 20000}), "pad: takes 0 to 10000 blanks, not 20000");
    CHECK_THROWS_WITH(call("printf", {"%d", "a"}), "printf: takes a whole number, not text");
    CHECK_THROWS_WITH(printf_of("%s", {}), "there is no value for '%s'");
    CHECK_THROWS_WITH(printf_of("a", {1}), "1 of 1 values have no place in the format");
    CHECK_THROWS_WITH(printf_of("%y", {1}), "there is no '%y', use %s, %d, %v, %q, %x, %f or %t");
    CHECK_THROWS_WITH(printf_of("5%", {}), "the format ends within a '%'");
    CHECK_THROWS_WITH(printf_of("%99999s", {""}), "a width of 99999 is above 10000");
  }
}
