#include "compose/loader/env_file.hpp"

#include <doctest/doctest.h>

using namespace compose::loader;

namespace {

struct ParsedEnvironment {
  Sources sources;
  Diagnostics diagnostics{sources};
  Assignments assignments;

  explicit ParsedEnvironment(const std::string& text, bool raw = false) {
    const auto source = sources.add("x.env", text);
    const EnvFileReader reader{.lookup = [](std::string_view name) -> std::optional<std::string> {
                                 if (name == "OUTER") return "outer";
                                 return std::nullopt;
                               },
                               .raw = raw};
    assignments = parse_env_file(sources, source, reader, diagnostics);
  }

  std::string value(std::string_view key) {
    for (auto at = assignments.rbegin(); at != assignments.rend(); ++at)
      if (at->first == key) return at->second;
    return "(absent)";
  }

  std::string problem() {
    try {
      diagnostics.throw_if_failed();
      return {};
    } catch (const InvalidProject& e) {
      return e.what();
    }
  }
};

}  // namespace

TEST_SUITE("loader/env_file") {
  TEST_CASE("values without quotes go to the end of the line or a comment") {
    ParsedEnvironment parsed(
        "\xEF\xBB\xBF# first\r\nA=1\r\nexport B = two words # cut\nC=a#b\nD: yaml\nE=\nF=tab\t#kept\n\n  "
        "G=x");
    CHECK(parsed.value("A") == "1");
    CHECK(parsed.value("B") == "two words");
    CHECK(parsed.value("C") == "a#b");
    CHECK(parsed.value("D") == "yaml");
    CHECK(parsed.value("E").empty());
    CHECK(parsed.value("F") == "tab\t#kept");
    CHECK(parsed.value("G") == "x");
    CHECK(parsed.problem().empty());
  }

  TEST_CASE("single quotes are literal, double quotes know escapes and variables, both span lines") {
    ParsedEnvironment parsed(
        "A='a $B \\n \\'q'\nB=\"x\\ty\\\"\\$A\\0101\"\nC=\"one\ntwo $A\"\nD=$OUTER-${B:-}-${NO:-dflt}\n");
    CHECK(parsed.value("A") == "a $B \\n 'q");
    CHECK(parsed.value("B") == "x\ty\"$AA");
    CHECK(parsed.value("C") == "one\ntwo a $B \\n 'q");
    CHECK(parsed.value("D") == "outer-x\ty\"$AA-dflt");
  }

  TEST_CASE("a key alone is inherited, or absent") {
    ParsedEnvironment parsed("OUTER\nINNER\nexport OUTER");
    CHECK(parsed.value("OUTER") == "outer");
    CHECK(parsed.value("INNER") == "(absent)");
  }

  TEST_CASE("raw lines are taken as they stand") {
    ParsedEnvironment parsed("# no\n  A=\"x $B\" # kept \nOUTER\nB='\n", true);
    CHECK(parsed.value("A") == "\"x $B\" # kept ");
    CHECK(parsed.value("B") == "'");
    CHECK(parsed.value("OUTER") == "outer");
  }

  TEST_CASE("problems name the line") {
    CHECK(ParsedEnvironment("A=1\nB C=2\n").problem() ==
          "x.env:2:1: key cannot contain a space\n    B C=2\n    ^");
    CHECK(ParsedEnvironment("A!=1").problem() ==
          "x.env:1:2: unexpected character \"!\" in variable name \"A!=1\"\n    A!=1\n     ^");
    CHECK(ParsedEnvironment("A=\"abc\nx").problem() ==
          "x.env:1:3: unterminated quoted value \"abc\n    A=\"abc\n      ^");
    CHECK(ParsedEnvironment("A=${B:=x}").problem() ==
          "x.env:1:3: invalid interpolation format '${B:=x}', you may need to escape any $ with another $\n"
          "    A=${B:=x}\n      ^");
    CHECK(ParsedEnvironment(std::string("A=1\0", 4))
              .problem()
              .starts_with("x.env:1:4: NUL byte in the file\n"));
  }
}
