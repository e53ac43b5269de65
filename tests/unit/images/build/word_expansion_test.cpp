#include "images/build/word_expansion.hpp"

#include <map>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;

namespace {

const std::map<std::string, std::string, std::less<>> k_variables = {
    {"a", "alpha"}, {"empty", ""}, {"path", "/usr/lib/x.tar.gz"}, {"n1", "one"}, {"star", "a*b"}};

std::optional<std::string> look_up(std::string_view name) {
  const auto found = k_variables.find(name);
  if (found == k_variables.end()) return std::nullopt;
  return found->second;
}

std::string expand(std::string_view word) {
  try {
    return images::expand_word(word, look_up);
  } catch (const base::Error& e) {
    return std::string{"error: "} + e.what();
  }
}

}  // namespace

TEST_SUITE("images/build/word_expansion") {
  TEST_CASE("variables and quotes") {
    const std::pair<const char*, const char*> cases[] = {
        {"plain", "plain"},           {"$a", "alpha"},  {"${a}x", "alphax"}, {"$n1", "one"},
        {"$missing|", "|"},           {"\\$a", "$a"},   {"'$a'", "$a"},      {"\"$a b\"", "alpha b"},
        {"\"\\\"\\$\\n\"", "\"$\\n"}, {"a\\ b", "a b"}, {"$", "$"},          {"$/x", "$/x"},
        {"x'y'\"z\"", "xyz"},         {"$10", ""},      {"$$a", "a"},        {"$@$?x", "x"},
    };
    for (const auto& [word, expected] : cases) CHECK_MESSAGE(expand(word) == expected, word);
  }

  TEST_CASE("modifiers") {
    const std::pair<const char*, const char*> cases[] = {
        {"${missing:-d}", "d"},
        {"${empty:-d}", "d"},
        {"${empty-d}", ""},
        {"${a:-d}", "alpha"},
        {"${a:+s}", "s"},
        {"${empty:+s}", ""},
        {"${empty+s}", "s"},
        {"${missing:-${a}}", "alpha"},
        {"${missing:-\"q q\"}", "q q"},
        {"${path#*/}", "usr/lib/x.tar.gz"},
        {"${path##*/}", "x.tar.gz"},
        {"${path%.*}", "/usr/lib/x.tar"},
        {"${path%%.*}", "/usr/lib/x"},
        {"${a/a/o}", "olpha"},
        {"${a//a/o}", "olpho"},
        {"${a/l?h/-}", "a-a"},
        {"${a//a}", "lph"},
        {"${a/[al]/-}", "alpha"},
        {"${star/\\*/-}", "a-b"},
        {"${star#a\\*}", "b"},
        {"${path//\\//\\-}", "\\-usr\\-lib\\-x.tar.gz"},
    };
    for (const auto& [word, expected] : cases) CHECK_MESSAGE(expand(word) == expected, word);
  }

  TEST_CASE("errors quote the word") {
    CHECK(expand("${a") == "error: '${a': the closing '}' is missing");
    CHECK(expand("${}") == "error: '${}': no variable name after '${'");
    CHECK(expand("${a!x}") == "error: '${a!x}': '!' is not a known modifier");
    CHECK(expand("${missing:?must be set}") == "error: variable 'missing': must be set");
    CHECK(expand("${missing?}") == "error: variable 'missing': not set");
    CHECK(expand("'x") == "error: ''x' has no closing single quote");
    CHECK(expand("\"x") == "error: '\"x' has no closing double quote");
  }

  TEST_CASE("nesting is bounded") {
    std::string word;
    for (int i = 0; i < 10'000; ++i) word += "${x:-";
    CHECK(expand(word).ends_with("more than 32 nested variables"));
  }

  TEST_CASE("a heredoc keeps its quotes and loses its backslashes") {
    CHECK(images::expand_heredoc("'$a' \"${a}\" \\$a \\n \\\\ \\", look_up) == "'alpha' \"alpha\" $a n \\ ");
  }
}
