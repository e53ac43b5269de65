#include "runtime-shim/isolation/rlimits.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

std::vector<PreparedRlimit> prepare(std::vector<Rlimit> wanted, std::vector<std::string>& warnings,
                                    bool may_raise = true) {
  return prepare_rlimits(wanted, may_raise, warnings);
}

}  // namespace

TEST_SUITE("runtime/isolation/rlimits") {
  TEST_CASE("without a word about it a process may open 1024 files") {
    std::vector<std::string> warnings;
    const auto limits = prepare({}, warnings);
    REQUIRE(limits.size() == 1);
    CHECK(limits[0].resource == RLIMIT_NOFILE);
    CHECK(limits[0].value.rlim_cur <= 1024);
  }

  TEST_CASE("the spec's limits count, once each") {
    std::vector<std::string> warnings;
    const auto limits = prepare({{"nofile", 10, 20}, {"core", 0, 0}}, warnings);
    REQUIRE(limits.size() == 2);
    CHECK(limits[0].value.rlim_cur == 10);
    CHECK(limits[0].value.rlim_max == 20);
    CHECK(limits[1].resource == RLIMIT_CORE);
    CHECK(warnings.empty());
  }

  TEST_CASE("what this host does not allow is cut, with a warning") {
    std::vector<std::string> warnings;
    rlimit own{};
    ::getrlimit(RLIMIT_NOFILE, &own);
    if (own.rlim_max == RLIM_INFINITY) return;
    const auto limits = prepare({{"nofile", own.rlim_max + 5, own.rlim_max + 5}}, warnings, false);
    CHECK(limits[0].value.rlim_max == own.rlim_max);
    CHECK(limits[0].value.rlim_cur == own.rlim_max);
    CHECK(warnings ==
          std::vector<std::string>{base::text(
              "resource limit 'nofile' is cut to {}, the highest this host allows", own.rlim_max)});
  }

  TEST_CASE("unknown names and soft above hard are refused") {
    std::vector<std::string> warnings;
    CHECK_THROWS_WITH_AS(prepare({{"files", 1, 1}}, warnings), "resource limit 'files' is unknown",
                         base::Error);
    CHECK_THROWS_WITH(prepare({{"nofile", 2, 1}}, warnings),
                      "resource limit 'nofile': soft 2 is above hard 1");
  }
}
