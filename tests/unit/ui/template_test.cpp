#include "compose/ui/template.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using compose::ui::Template;
using compose::ui::TemplateObject;

namespace {
const TemplateObject k_web{{{"Name", "shop-web-1"}, {"State", "running"}, {"Odd", "a\"b\n"}},
                           R"({"Name":"shop-web-1"})"};

std::string error_of(const char* format) {
  try {
    static_cast<void>(Template{format}.render(k_web));
  } catch (const compose::base::Error& e) {
    return e.what();
  }
  return "no error";
}
}  // namespace

TEST_SUITE("ui/template") {
  TEST_CASE("fields and text are put together") {
    CHECK(Template{"{{.Name}} is {{ .State }}"}.render(k_web) == "shop-web-1 is running");
    CHECK(Template{R"({{.Name}}\t{{.State}})"}.render(k_web) == "shop-web-1\trunning");
  }

  TEST_CASE("functions change one field, and json takes the whole too") {
    CHECK(Template{"{{upper .State}} {{title .State}} {{json .Odd}}"}.render(k_web) ==
          R"(RUNNING Running "a\"b\n")");
    CHECK(Template{"{{json .}}"}.render(k_web) == R"({"Name":"shop-web-1"})");
  }

  TEST_CASE("a table has a heading made of the fields") {
    const Template table{R"(table {{.Name}}\t{{.State}})"};
    CHECK(table.wants_table());
    CHECK(table.header() == std::vector<std::string>{"NAME", "STATE"});
    CHECK(table.cells(k_web) == std::vector<std::string>{"shop-web-1", "running"});
  }

  TEST_CASE("what is not understood is said") {
    CHECK(error_of("{{.Nmae}}") == "format: there is no field \"Nmae\"");
    CHECK(error_of("{{range .Ports}}") ==
          "format: action \"range .Ports\" is not supported: use fields such as .Name, and json, upper, "
          "lower, title of one");
    CHECK(error_of("{{.Name") == "format \"{{.Name\": unclosed action");
    CHECK(error_of("{{.}}") == "format: \".\": only json takes the whole object");
  }
}
