#include "images/worker.hpp"

#include <array>

#include <doctest/doctest.h>

using namespace compose::images;

TEST_SUITE("images/worker") {
  TEST_CASE("what is made in it has the modes that it always has") {
    const auto before = ::umask(0077);
    Worker worker{[](WorkerReport&) { return std::to_string(::umask(0)); }};
    ::umask(before);
    std::optional<WorkerOutcome> outcome;
    while (!outcome) {
      wait_for_any(std::array<int, 1>{worker.fd()}, 10'000);
      outcome = worker.hear({});
    }
    CHECK(outcome->text == std::to_string(0022));
  }
}
