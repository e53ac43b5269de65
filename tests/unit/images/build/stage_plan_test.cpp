#include "images/build/stage_plan.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::images;

namespace {

const std::map<std::string, std::string> k_predefined = {{"TARGETARCH", "amd64"}};

StagePlan plan(const Dockerfile& file, const std::string& target = "",
               const std::map<std::string, std::string>& arguments = {}) {
  return plan_stages(file, arguments, k_predefined, target);
}

std::string plan_error(const std::string& text, const std::string& target = "") {
  try {
    (void)plan(parse_dockerfile(text, "Dockerfile"), target);
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("images/build/stage_plan") {
  TEST_CASE("what triggers of a base image take from is needed as soon as they are known") {
    const auto file =
        parse_dockerfile("FROM a AS one\nFROM b AS two\nCOPY --from=one x y\nFROM c AS three\n", "D");
    auto planned = plan(file);
    CHECK(planned.needed == std::set<std::size_t>{2});
    const auto other = parse_instruction("COPY --from=elsewhere x y", "ONBUILD", '\\');
    add_triggers(planned, 2, {&other});
    CHECK(planned.needed == std::set<std::size_t>{2});
    const auto trigger = parse_instruction("RUN --mount=from=two,target=/m x", "ONBUILD", '\\');
    add_triggers(planned, 2, {&trigger});
    CHECK(planned.needed == std::set<std::size_t>{0, 1, 2});
    CHECK(planned.stages[2].from == std::vector<std::string>{"elsewhere", "two"});
  }

  TEST_CASE("only what the target needs is needed, in order") {
    const auto file = parse_dockerfile(
        "FROM a AS one\nFROM b AS two\nFROM one AS three\nCOPY --from=two x y\nFROM c AS four\nRUN "
        "--mount=from=0,target=/m x\n",
        "D");
    CHECK(plan(file, "three").needed == std::set<std::size_t>{0, 1, 2});
    CHECK(plan(file).needed == std::set<std::size_t>{0, 3});
    CHECK(plan(file, "TWO").needed == std::set<std::size_t>{1});
  }

  TEST_CASE("FROM sees the arguments before it and those that were given") {
    const auto file = parse_dockerfile("ARG V=3\nARG NAME=alpine:$V\nFROM ${NAME}-$TARGETARCH\n", "D");
    CHECK(plan(file).stages[0].base == "alpine:3-amd64");
    CHECK(plan(file, "", {{"V", "4"}}).stages[0].base == "alpine:4-amd64");
  }

  TEST_CASE("a stage is named by AS or by its number") {
    const auto stages = plan(parse_dockerfile("FROM a\nFROM b AS x\nFROM c\n", "D")).stages;
    CHECK(find_stage(stages, "0", 2) == 0U);
    CHECK(find_stage(stages, "X", 2) == 1U);
    CHECK_FALSE(find_stage(stages, "nginx", 2).has_value());
  }

  TEST_CASE("a stage may have the name of its image, and of several stages with one name the last counts") {
    const auto own = plan(parse_dockerfile("FROM golang AS golang\nFROM b\nCOPY --from=golang a b\n", "D"));
    CHECK_FALSE(own.stages[0].base_stage);
    CHECK(own.stages[1].uses == std::set<std::size_t>{0});
    const auto twice = plan(parse_dockerfile("FROM a AS x\nFROM b AS x\nFROM x\n", "D"));
    CHECK(twice.stages[2].base_stage == 1U);
  }

  TEST_CASE("errors") {
    CHECK(plan_error("FROM a\n", "x") == "Dockerfile: no stage is called 'x'");
    CHECK(plan_error("FROM $NOTHING\n") ==
          "Dockerfile:1: FROM '$NOTHING' is empty after its variables are replaced");
    CHECK(plan_error("FROM a\nCOPY --from=1 a b\n") ==
          "Dockerfile:2: --from=1: there is no stage 1 before this one");
    CHECK(plan_error("FROM a AS x\nCOPY --from=x a b\n") ==
          "Dockerfile:2: --from=x: a stage cannot take from itself");
  }
}
