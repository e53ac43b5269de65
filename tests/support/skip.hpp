#pragma once
// A test that this machine cannot run says why and counts as skipped, not as passed.
#include <string>

namespace compose::test {

void note_skip(const std::string& reason);

}  // namespace compose::test

// Leaves the test case where `condition` does not hold.
#define REQUIRE_OR_SKIP(condition, reason) \
  do {                                     \
    if (!(condition)) {                    \
      compose::test::note_skip(reason);    \
      return;                              \
    }                                      \
  } while (false)
