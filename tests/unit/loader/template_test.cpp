#include "compose/loader/template.hpp"

#include <map>

#include <doctest/doctest.h>

using namespace compose::loader;

namespace {

struct Variables {
  std::map<std::string, std::string, std::less<>> values{{"SET", "value"}, {"EMPTY", ""}, {"DOLLAR", "$SET"}};
  std::vector<std::string> unset;
  TemplateContext context{[this](std::string_view name) -> std::optional<std::string> {
                            const auto found = values.find(name);
                            if (found == values.end()) return std::nullopt;
                            return found->second;
                          },
                          [this](std::string_view name) { unset.emplace_back(name); }};
};

std::string filled(std::string_view text) {
  Variables variables;
  return substitute(text, variables.context);
}

std::string template_refusal(std::string_view text) {
  try {
    return "accepted as " + filled(text);
  } catch (const TemplateError& e) {
    return e.what();
  }
}

}  // namespace

TEST_SUITE("loader/template") {
  TEST_CASE("every operator distinguishes set, empty and unset") {
    CHECK(filled("$SET ${SET} $EMPTY ${EMPTY}.") == "value value  .");
    CHECK(filled("${SET:-w} ${EMPTY:-w} ${UNSET:-w}") == "value w w");
    CHECK(filled("${SET-w} ${EMPTY-w} ${UNSET-w}") == "value  w");
    CHECK(filled("${SET:+w} ${EMPTY:+w} ${UNSET:+w}.") == "w  .");
    CHECK(filled("${SET+w} ${EMPTY+w} ${UNSET+w}.") == "w w .");
    CHECK(filled("${SET:?w} ${SET?w} ${EMPTY?w}.") == "value value .");
  }

  TEST_CASE("a missing required variable says so, with its reason") {
    CHECK(template_refusal("${UNSET:?set it to $SET}") ==
          "required variable UNSET is missing a value: set it to value");
    CHECK(template_refusal("${EMPTY:?}") == "required variable EMPTY is missing a value");
    CHECK(template_refusal("${UNSET?}") == "required variable UNSET is missing a value");
  }

  TEST_CASE("words nest, are taken lazily, and values are not interpolated again") {
    CHECK(filled("${UNSET:-${UNSET2:-$SET}}") == "value");
    CHECK(filled("${DOLLAR}") == "$SET");
    CHECK(filled("${UNSET:-{}} $SET") == "{} value");
    Variables variables;
    CHECK(substitute("${SET:-$UNSET}", variables.context) == "value");
    CHECK(variables.unset.empty());
    CHECK(substitute("$UNSET", variables.context).empty());
    CHECK(variables.unset == std::vector<std::string>{"UNSET"});
  }

  TEST_CASE("dollars that start nothing stay") {
    CHECK(filled("$$SET $${SET} $$$SET $1 $(x) $ { x $- x$") == "$SET ${SET} $value $1 $(x) $ { x $- x$");
    CHECK(filled("${UNSET:-a}b}") == "ab}");
    CHECK(filled("${UNSET:-?} ${UNSET-x:-y}") == "? x:-y");
  }

  TEST_CASE("what is no expression is refused with its text") {
    for (const auto* text :
         {"${}", "${ A}", "${A }", "${1A}", "${A.B}", "${A:=x}", "${A:0:1}", "${A/a/b}", "${A:", "${A"}) {
      CHECK(template_refusal(text) == std::string{"invalid interpolation format '"} + text +
                                          "', you may need to escape any $ with another $");
    }
    CHECK(template_refusal("${A:-\n}").starts_with("invalid interpolation format"));
  }

  TEST_CASE("the offset of a problem is that of the expression") {
    Variables variables;
    try {
      (void)substitute("ab ${SET} ${UNSET:-x${!}}", variables.context);
      FAIL("must be refused");
    } catch (const TemplateError& e) {
      CHECK(e.offset() == 20);
    }
  }

  TEST_CASE("nesting is limited") {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "${A:-";
    for (int i = 0; i < 60; ++i) text += '}';
    CHECK(template_refusal(text) == "interpolation nested deeper than 50 levels");
  }

  TEST_CASE("the variables of a template are listed with what they default to") {
    const auto found = variables_of("$A ${B:-x${C?}} $$D ${E:+alt}");
    REQUIRE(found.size() == 4);
    CHECK(found[0] == TemplateVariable{.name = "A"});
    CHECK(found[1] == TemplateVariable{.name = "B", .default_value = "x${C?}"});
    CHECK(found[2] == TemplateVariable{.name = "C", .required = true});
    CHECK(found[3] == TemplateVariable{.name = "E", .alternate_value = "alt"});
  }
}
