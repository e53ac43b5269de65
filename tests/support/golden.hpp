#pragma once
// Golden files: expected text under tests/golden. With COMPOSE_UPDATE_GOLDEN set in the environment the file
// is written anew instead of compared, and the test says so; look at the difference before committing it.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace compose::test {

inline void check_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string{TEST_SOURCE_DIR} + "/golden/" + name;
  if (std::getenv("COMPOSE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream{path, std::ios::trunc} << actual;
    MESSAGE("wrote " << path);
    return;
  }
  std::ifstream file{path};
  REQUIRE_MESSAGE(file.good(), "no golden file " << path);
  std::ostringstream expected;
  expected << file.rdbuf();
  CHECK(actual == expected.str());
}

}  // namespace compose::test
