#include "compose/loader/supported_attributes.hpp"

#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "base/file.hpp"

using namespace compose::loader;

namespace {

std::string file_text(const std::string& name) {
  return compose::base::read_file(compose::base::HostPath{std::string{TEST_SOURCE_DIR} + "/" + name});
}

}  // namespace

TEST_SUITE("loader/supported_attributes") {
  TEST_CASE("every attribute of the specification has its row") {
    std::set<std::string> rows;
    for (const auto& attribute : supported_attributes()) rows.insert(attribute.path);
    std::istringstream lines(file_text("golden/loader/attributes.txt"));
    std::string line;
    while (std::getline(lines, line)) {
      if (line.starts_with('#')) continue;
      std::istringstream words(line);
      std::string object, key;
      words >> object;
      object.pop_back();
      while (words >> key) {
        const auto path = object == "(top)" ? key : object + "." + key;
        CHECK_MESSAGE(rows.contains(path), path);
      }
    }
  }

  TEST_CASE("the page in docs is current: run attributes_page docs") {
    CHECK(file_text("../docs/supported-attributes.md") == supported_attributes_page());
    CHECK(file_text("../docs/supported-attributes.json") == supported_attributes_json());
  }

  TEST_CASE("what is ignored says why") {
    for (const auto& attribute : supported_attributes()) {
      if (attribute.support != Support::ignored) continue;
      CAPTURE(attribute.path);
      CHECK_FALSE(attribute.note.empty());
    }
  }
}
