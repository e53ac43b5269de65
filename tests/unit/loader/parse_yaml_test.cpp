#include "compose/loader/parse_yaml.hpp"

#include <doctest/doctest.h>

#include "compose/loader/render_value.hpp"

using namespace compose::loader;

namespace {

struct Parsed {
  Sources sources;
  Diagnostics diagnostics{sources};
  std::vector<Node> documents;

  explicit Parsed(std::string text) {
    const auto source = sources.add("x.yaml", std::move(text));
    documents = parse_yaml(sources, source, diagnostics);
  }

  std::string problem() {
    try {
      diagnostics.throw_if_failed();
      return {};
    } catch (const InvalidProject& e) {
      return to_text(e.problems().front());
    }
  }
};

std::string json_of(const std::string& text) {
  Parsed parsed(text);
  REQUIRE(parsed.problem().empty());
  auto json = to_json_text(to_value(parsed.documents.at(0)));
  std::erase(json, '\n');
  std::erase(json, ' ');
  return json;
}

}  // namespace

TEST_SUITE("loader/parse_yaml") {
  TEST_CASE("plain scalars follow the rules that compose files are read with") {
    CHECK(json_of("[true, TRUE, yes, on, y, ~, null, '', \"1\", 1, 0x1f, 0o17, 017, 0b11, 1_000, +1, 08]") ==
          R"([true,true,"yes","on","y",null,null,"","1",1,31,15,15,3,1000,1,8])");
    CHECK(json_of("[.5, 1e3, 1.10, 12:30, 2020-01-01, 1.2.3, -, 0x, 1a]") ==
          R"([0.5,1000,1.1,"12:30","2020-01-01","1.2.3","-","0x","1a"])");
    CHECK(json_of("[!!str 5, !!int \"5\"]") == R"(["5",5])");
  }

  TEST_CASE("merge keys: local keys win, then the earlier of a list") {
    CHECK(json_of("a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}") ==
          R"({"a":{"x":1,"y":1},"b":{"x":2,"z":2},"c":{"y":3,"x":1,"z":2}})");
    CHECK(Parsed("a: {<<: x}").problem() ==
          "x.yaml:1:9: '<<' merges mappings only, this is a string\n    a: {<<: x}\n            ^");
  }

  TEST_CASE("several documents, and none") {
    CHECK(Parsed("a: 1\n---\nb: 2\n").documents.size() == 2);
    CHECK(Parsed("# nothing\n").documents.empty());
    CHECK(Parsed("---\n").documents.at(0).is(Kind::null));
  }

  TEST_CASE("a key is a string, once") {
    CHECK(Parsed("a: 1\na: 2").problem() ==
          "x.yaml:2:1: mapping key \"a\" already defined at line 1\n    a: 2\n    ^");
    CHECK(Parsed("1: x").problem() == "x.yaml:1:1: non-string key '1', put it in quotes\n    1: x\n    ^");
    CHECK(Parsed("? [a]\n: x").problem() ==
          "x.yaml:1:3: a key must be a string, not a list or a mapping\n    ? [a]\n      ^");
  }

  TEST_CASE("syntax errors have a place") {
    CHECK(Parsed("a: [1").problem().starts_with("x.yaml:1:"));
    CHECK(Parsed("a: *nope").problem().starts_with("x.yaml:1:4: invalid YAML: "));
  }

  TEST_CASE("what is not text is refused") {
    CHECK(Parsed(std::string("a: \0b", 5))
              .problem()
              .starts_with("x.yaml:1:4: NUL byte in the file: not a text file"));
    CHECK(Parsed("a: \x01").problem().starts_with("x.yaml:1:4: control character 1 in the file"));
    CHECK(Parsed("b: 1\na: \xFF").problem().starts_with("x.yaml:2:4: bytes that are not UTF-8"));
    CHECK(Parsed("\xEF\xBB\xBF"
                 "a: ü")
              .problem()
              .empty());
  }

  TEST_CASE("size, depth and aliases have limits") {
    CHECK(Parsed(std::string(k_largest_file + 1, ' ')).problem() == "x.yaml: the file is larger than 8 MiB");
    CHECK(Parsed("a: " + std::string(10'000, '[')).problem().find("nested deeper than 100 levels") !=
          std::string::npos);
    std::string blocks;
    for (std::size_t i = 0; i < 1'000; ++i) blocks += std::string(i, ' ') + "a:\n";
    CHECK(Parsed(blocks).problem().find("nested deeper than 100 levels") != std::string::npos);
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 10; ++i) {
      const auto inner = "*a" + std::to_string(i - 1);
      bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
      for (int k = 0; k < 10; ++k) bomb += inner + ",";
      bomb += "]\n";
    }
    CHECK(Parsed(bomb).problem().find("more than 1000000 values once aliases are expanded") !=
          std::string::npos);
    CHECK(Parsed("a: &a [*a]").problem().find("an anchored value contains itself") != std::string::npos);
  }

  TEST_CASE("a long mapping finds a repeated key after deep values too") {
    std::string text = "top: !override\n";  // a tag: read by the library
    for (int i = 0; i < 20; ++i) text += "  key" + std::to_string(i) + ": 1\n";
    text += "  deep: ";
    for (int i = 0; i < 60; ++i) text += "{a: ";
    text += "1";
    for (int i = 0; i < 60; ++i) text += "}";
    text += "\n  key3: 2\n";
    CHECK(Parsed(text).problem().starts_with("x.yaml:23:3: mapping key \"key3\" already defined at line 5"));
  }

  TEST_CASE("what can begin no document is an error, not an endless row of empty ones") {
    CHECK(Parsed(", a").problem() ==
          "x.yaml:1:1: invalid YAML: nothing can begin with this character\n    , a\n    ^");
    CHECK(Parsed("a: 1\n---\n---\nb: 2\n").documents.size() == 3);
  }
}
