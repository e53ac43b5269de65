#include "compose/loader/quick_yaml.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "compose/loader/parse_yaml.hpp"

using namespace compose::loader;

namespace {

enum class Answer { same, other, none };

Answer compare(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto source = sources.add("x.yaml", text);
  const auto quick = parse_quickly(sources, source);
  if (!quick) return Answer::none;
  const auto full = parse_with_library(sources, source, diagnostics);
  return !diagnostics.failed() && *quick == full ? Answer::same : Answer::other;
}

}  // namespace

TEST_SUITE("loader/quick_yaml") {
  TEST_CASE("ordinary files are read as yaml-cpp reads them, places included") {
    for (const auto* text : {
             "",
             "# nothing\n\n",
             "- .nan\n- .inf\n",
             "services:\n  web:\n    image: nginx:1.25  # why\n    ports:\n      - \"80:80\"\n      - 81\n   "
             " command: [\"a\", b, 'c']\n",
             "a:\n- x\n- y: 1\n  z: {k: v, l: [1, 2.5, true, ~]}\n-\n- \"q\"\nb: c#d\n",
             "a:\n  b:\n  c: null\n  d: ~\n  e:\nf: \"\"\n",
             "a: -1\nb: 1_000\nc: 0o17\nd: .5\ne: yes\nf: http://x:80/y\ng: 12:30\nh: ./x\ni: /y\nj: $HOME "
             "and ${X}\n",
             "é: ü\nx-ä: [ö, b]\n'k': v\n\"l\": w\n",
             "a:\n    - b:\n        c: d\n    - e: f\n      g:\n        - h\n",
             "a: x   \nb:   y\n\n\n  # comment\nc: z",
         }) {
      CAPTURE(text);
      const bool key_beyond_ascii = std::string_view{text}.find("é") != std::string_view::npos;
      CHECK(compare(text) == (key_beyond_ascii ? Answer::none : Answer::same));
    }
  }

  TEST_CASE("everything unusual is left to yaml-cpp") {
    for (const auto* text :
         {"a: &x 1\n",     "a: *x\n",     "a: !reset []\n", "a: |\n  x\n",  "a: >-\n  x\n",
          "---\na: 1\n",   "a: b\n  c\n", "a: \"x\\n\"\n",  "a: 'it''s'\n", "a: b: c\n",
          "a: 1\na: 2\n",  "1: a\n",      "true: a\n",      "<<: x\n",      "a:\tb\n",
          "a: [1,\n 2]\n", "- - a\n",     "a: [x: y]\n",    "a: {b}\n",     "a: [1, ]\n",
          "a\n",           "a: \"x\n",    "a: 'x' y\n",     "a: {b: }\n",   "a:\n  b: 1\n c: 2\n",
          " a: 1\nb: 2\n", "a: @x\n",     "? a\n: b\n",     "a: ]\n"}) {
      CAPTURE(text);
      CHECK(compare(text) == Answer::none);
    }
  }

  TEST_CASE("the differential corpus is read the same") {
    int quick = 0;
    for (const auto* name : {"services", "projects", "merging", "refused"}) {
      const auto all = compose::base::read_file(
          compose::base::HostPath{std::string{TEST_SOURCE_DIR} + "/differential/corpus/" + name + ".cases"});
      std::size_t at = 0;
      while ((at = all.find("\n=== ", at)) != std::string::npos) {
        const auto body = all.find('\n', at + 1) + 1;
        const auto end = std::min(all.find("\n=== ", body - 1), all.size());
        const auto text = all.substr(body, end - body) + "\n";
        CAPTURE(text);
        const auto answer = compare(text);
        CHECK(answer != Answer::other);
        quick += answer == Answer::same ? 1 : 0;
        at = end;
      }
    }
    CHECK(quick > 50);
  }
}
