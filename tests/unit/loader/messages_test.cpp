// Whole messages, with their places, of everything that the corpora of tests/differential say is refused.
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "loading.hpp"
#include "tests/support/golden.hpp"

using namespace compose::loader;
using namespace compose::loader::test;
using compose::test::check_golden;

namespace {

struct Case {
  std::string title;
  bool has_arguments = false;
  Files files;
};

// "=== title | arguments", then compose.yaml, then "--- name" and another file, and so on.
std::vector<Case> read_cases(const std::string& corpus) {
  std::ifstream file(std::string{TEST_SOURCE_DIR} + "/differential/corpus/" + corpus);
  REQUIRE(file.good());
  std::vector<Case> cases;
  std::string* text = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      const auto bar = line.find(" | ");
      cases.push_back(
          {.title = line.substr(4, bar - 4), .has_arguments = bar != std::string::npos, .files = {}});
      text = &cases.back().files["compose.yaml"];
    } else if (line.starts_with("--- ")) {
      text = &cases.back().files[line.substr(4)];
    } else {
      if (text != nullptr) *text += line + "\n";
    }
  }
  return cases;
}

std::string messages_of(const std::string& corpus) {
  std::string all;
  for (const auto& one : read_cases(corpus)) {
    if (one.has_arguments) continue;
    INFO(one.title);
    const auto error = ProjectFiles{one.files}.error();
    CHECK((!error.empty() || one.title.starts_with("ours: ")));
    all += "=== " + one.title + "\n" + error + "\n";
  }
  return all;
}

}  // namespace

TEST_SUITE("loader/messages") {
  TEST_CASE("of the files that both refuse") {
    check_golden("loader/messages_refused.txt", messages_of("refused.cases"));
  }
  TEST_CASE("of one file for each rule") {
    check_golden("loader/messages.txt", messages_of("messages.cases"));
  }
}
