#include "base/worker.hpp"

#include <array>
#include <csignal>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::base;

namespace {

WorkerOutcome outcome_of(Worker& worker, const Worker::OnProgress& on_progress = {},
                         const Worker::OnOutput& on_output = {}) {
  for (;;) {
    wait_for_any(std::array<int, 1>{worker.fd()}, 10'000);
    if (const auto outcome = worker.hear(on_progress, on_output)) return *outcome;
  }
}

}  // namespace

TEST_SUITE("base/worker") {
  TEST_CASE("a result comes back, of any size") {
    Worker small{[](WorkerReport&) { return std::string{"done"}; }};
    Worker large{[](WorkerReport&) { return std::string(3'000'000, 'x'); }};
    CHECK(outcome_of(small).text == "done");
    CHECK(outcome_of(large).text == std::string(3'000'000, 'x'));
  }

  TEST_CASE("progress is heard before the result") {
    std::uint64_t heard = 0;
    Worker worker{[](WorkerReport& report) {
      report.progress(17);
      return std::string{};
    }};
    CHECK_FALSE(outcome_of(worker, [&](std::uint64_t done) { heard = done; }).failed);
    CHECK(heard == 17);
  }

  TEST_CASE("output is heard in order and in parts, so that an endless writer blocks nobody") {
    std::string heard;
    Worker worker{[](WorkerReport& report) {
      report.output("one ");
      report.output("two");
      return std::string{};
    }};
    CHECK_FALSE(outcome_of(worker, {}, [&](std::string_view bytes) { heard += bytes; }).failed);
    CHECK(heard == "one two");
    Worker endless{[](WorkerReport& report) -> std::string {
      for (;;) report.output(std::string(4096, 'y'));
    }};
    std::size_t size = 0;
    for (int i = 0; i < 3; ++i) {
      wait_for_any(std::array<int, 1>{endless.fd()}, 10'000);
      CHECK_FALSE(endless.hear({}, [&](std::string_view bytes) { size += bytes.size(); }).has_value());
    }
    CHECK(size > 0);
  }

  TEST_CASE("an error is an outcome, and so is a crash") {
    Worker failing{[](WorkerReport&) -> std::string { fail("it broke"); }};
    const auto failed = outcome_of(failing);
    CHECK(failed.failed);
    CHECK(failed.text == "it broke");
    Worker crashing{[](WorkerReport&) -> std::string {
      ::raise(SIGKILL);
      return "";
    }};
    const auto crashed = outcome_of(crashing);
    CHECK(crashed.failed);
    CHECK(crashed.text == "the process that did it was killed by SIGKILL");
  }

  TEST_CASE("who is not wanted any more ends with its owner") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    {
      Worker endless{[&](WorkerReport&) -> std::string {
        ::close(ends[0]);
        for (;;) ::pause();
      }};
      ::close(ends[1]);
    }
    char byte = 0;
    CHECK(::read(ends[0], &byte, 1) == 0);  // nobody holds the other end
    ::close(ends[0]);
  }
}
