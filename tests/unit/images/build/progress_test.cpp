#include "images/build/progress.hpp"

#include <regex>

#include <doctest/doctest.h>

using namespace compose;

TEST_SUITE("images/build/progress") {
  TEST_CASE("steps are blocks of lines, and output comes line by line") {
    std::string log;
    images::PlainBuildProgress progress{[&](std::string_view line) { log += line; }};
    progress.warning("careful");
    progress.step_started(1, {.label = "[1/2]", .text = "COPY a b"});
    progress.step_ended(1, images::StepEnd::cached, {}, "");
    progress.step_started(2, {.label = "[2/2]", .text = "RUN x"});
    progress.step_output(2, "one\ntw");
    progress.step_output(2, "o\nlast");
    progress.step_ended(2, images::StepEnd::failed, std::chrono::milliseconds{1250}, "it broke\nmore");
    log = std::regex_replace(log, std::regex{"#2 [0-9.]+ "}, "#2 T ");
    CHECK(log ==
          "WARNING: careful\n#1 [1/2] COPY a b\n#1 CACHED\n\n#2 [2/2] RUN x\n#2 T one\n#2 T two\n#2 T last\n"
          "#2 ERROR: it broke\n");
  }

  TEST_CASE("the time a step took is rounded to a tenth of a second") {
    std::string log;
    images::PlainBuildProgress progress{[&](std::string_view line) { log += line; }};
    progress.step_started(1, {.label = "[1/1]", .text = "x"});
    progress.step_ended(1, images::StepEnd::done, std::chrono::milliseconds{1250}, "");
    CHECK(log == "#1 [1/1] x\n#1 DONE 1.3s\n");
  }

  TEST_CASE("lines of steps that run side by side say whose they are") {
    std::string log;
    images::PlainBuildProgress progress{[&](std::string_view line) { log += line; }};
    progress.step_started(1, {.label = "[a 1/1]", .text = "RUN x", .among_others = true});
    progress.step_started(2, {.label = "[b 1/1]", .text = "RUN y", .among_others = true});
    progress.step_output(1, "from a");
    progress.step_output(2, "from b\n");
    progress.step_ended(1, images::StepEnd::done, std::chrono::milliseconds{100}, "");
    progress.step_ended(2, images::StepEnd::done, std::chrono::milliseconds{200}, "");
    log = std::regex_replace(log, std::regex{"\\] [0-9.]+ "}, "] T ");
    CHECK(log ==
          "#1 [a 1/1] RUN x\n#2 [b 1/1] RUN y\n#2 [b 1/1] T from b\n#1 [a 1/1] T from a\n"
          "#1 [a 1/1] DONE 0.1s\n#2 [b 1/1] DONE 0.2s\n");
  }
}
