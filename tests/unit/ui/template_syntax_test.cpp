#include "compose/ui/template_syntax.hpp"

#include <doctest/doctest.h>

using namespace compose::ui::templates;

namespace {

// "3: message"
std::string trouble_of(const std::string& source) {
  try {
    static_cast<void>(parse_template(source));
  } catch (const Trouble& trouble) {
    return std::to_string(trouble.at()) + ": " + trouble.what();
  }
  return "none";
}

std::string repeated(const char* part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

}  // namespace

TEST_SUITE("ui/template_syntax") {
  TEST_CASE("text, actions and blocks are a tree") {
    const auto pieces = parse_template("a{{range $i, $x := .List | index 1}}b{{else}}c{{end}}{{.A.B}}");
    REQUIRE(pieces.size() == 3);
    CHECK(pieces[0].text == "a");
    CHECK(pieces[1].kind == Piece::Kind::range);
    CHECK(pieces[1].pipeline.variables == std::vector<std::string>{"i", "x"});
    CHECK(pieces[1].pipeline.declares);
    CHECK(pieces[1].pipeline.commands.size() == 2);
    CHECK(pieces[1].body.at(0).text == "b");
    CHECK(pieces[1].otherwise.at(0).text == "c");
    REQUIRE(pieces[2].pipeline.commands.at(0).words.size() == 1);
    CHECK(pieces[2].pipeline.commands[0].words[0].fields.size() == 2);
  }

  TEST_CASE("else if is a block within, that shares the end") {
    const auto pieces = parse_template("{{if .A}}1{{else if .B}}2{{else}}3{{end}}4");
    REQUIRE(pieces.size() == 2);
    REQUIRE(pieces[0].otherwise.size() == 1);
    CHECK(pieces[0].otherwise[0].kind == Piece::Kind::if_);
    CHECK(pieces[0].otherwise[0].otherwise.at(0).text == "3");
  }

  TEST_CASE("fields with a blank between them are two words") {
    CHECK(parse_template("{{eq .A .B}}")[0].pipeline.commands[0].words.size() == 3);
    CHECK(parse_template("{{(.A).B.C}}")[0].pipeline.commands[0].words.at(0).fields.size() == 2);
  }

  TEST_CASE("mistakes") {
    CHECK(trouble_of("ab{{.Name") == "2: this action has no }}");
    CHECK(trouble_of("{{}}") == "0: this action is empty");
    CHECK(trouble_of("{{ \"a }}") == "3: this text has no end");
    CHECK(trouble_of("{{ \"a\\z\" }}") == "5: unknown escape '\\z', known are \\n, \\t, \\r, \\\" and \\\\");
    CHECK(trouble_of("{{1.2.3}}") == "2: '1.2.3' is no number");
    CHECK(trouble_of("{{.A % 2}}") == "5: unexpected '%'");
    CHECK(trouble_of("{{(.A}}") == "2: this '(' has no ')'");
    CHECK(trouble_of("{{.A)}}") == "4: unexpected ')'");
    CHECK(trouble_of("{{.A |}}") == "6: a value or a function is missing");
    CHECK(trouble_of("{{if .A}}x") == "0: this block has no {{end}}");
    CHECK(trouble_of("{{if}}x{{end}}") == "4: a value or a function is missing");
    CHECK(trouble_of("x{{end}}") == "1: 'end' without if, with or range before it");
    CHECK(trouble_of("x{{else}}") == "1: 'else' without if, with or range before it");
    CHECK(trouble_of("{{if .A}}{{else}}{{else}}{{end}}") == "17: a second {{else}}");
    CHECK(trouble_of("{{if .A}}{{else range .B}}{{end}}") == "16: unexpected word after 'else'");
    CHECK(trouble_of("{{if .A}}{{end .B}}") == "15: unexpected word after 'end'");
    CHECK(trouble_of("{{if $a, $b := .A}}{{end}}") == "5: only range sets two variables");
    CHECK(trouble_of("{{break}}") == "2: 'break' outside of range");
    CHECK(trouble_of("{{/* x") == "0: this comment has no end");
    CHECK(trouble_of("{{/* x */ }}") == "0: this comment has no }} behind it");
    CHECK(trouble_of("{{define \"x\"}}{{end}}") ==
          "2: 'define' names another template, and there is only this one");
    CHECK(trouble_of("{{lenn .A}}") == "2: there is no function 'lenn', did you mean 'len'?");
    CHECK(trouble_of(repeated("{{if .A}}", 60) + repeated("{{end}}", 60)) ==
          "450: too many blocks in one another");
    CHECK(trouble_of("{{" + repeated("(", 60) + ".A" + repeated(")", 60) + "}}") ==
          "53: too many parentheses in one another");
  }
}
