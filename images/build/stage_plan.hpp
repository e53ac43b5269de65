#pragma once
// The stages of a Dockerfile and which of them the target needs. Pure.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "images/build/dockerfile.hpp"
#include "images/build/word_expansion.hpp"

namespace compose::images {

struct Stage {
  std::size_t index = 0;
  int line = 0;
  std::string name;                              // AS, or its index
  std::string base;                              // expanded
  std::string platform;                          // expanded; empty: none asked for
  std::optional<std::size_t> base_stage;         // FROM an earlier stage
  std::string text;                              // "FROM alpine AS build"
  std::vector<const Instruction*> instructions;  // of the Dockerfile, which outlives the plan
  std::vector<std::string> from;                 // what --from says, as it says it
  std::set<std::size_t> uses;                    // earlier stages it takes anything from
};

struct StagePlan {
  std::vector<Stage> stages;
  std::size_t target = 0;
  std::set<std::size_t> needed;                         // target and what it uses, in order
  std::map<std::string, std::string> global_arguments;  // ARG before the first FROM, with values
  std::set<std::string> declared_arguments;             // everywhere, to find --build-arg nobody asked for
};

// TARGETPLATFORM, BUILDARCH and the others that a build knows by itself. Error for a platform (empty: this
// machine's) that is not this machine's.
[[nodiscard]] std::map<std::string, std::string> predefined_arguments(const std::string& platform);

// `predefined`: values of arguments that need no ARG before FROM (TARGETPLATFORM ...).
[[nodiscard]] StagePlan plan_stages(const Dockerfile& dockerfile,
                                    const std::map<std::string, std::string>& arguments,
                                    const std::map<std::string, std::string>& predefined,
                                    const std::string& target);

// What --from says in an instruction that takes from elsewhere, as it says it.
[[nodiscard]] std::vector<std::string> places_used_by(const Instruction& instruction);

// What the base image of a stage has it do (ONBUILD) is known only when the base is: what those instructions
// take from is needed from then on.
void add_triggers(StagePlan& plan, std::size_t stage, const std::vector<const Instruction*>& triggers);

// The stage before stage `user` that COPY --from=`name` in it means, of several with that name the last;
// nullopt: no stage, so an image or a named context.
[[nodiscard]] std::optional<std::size_t> find_stage(const std::vector<Stage>& stages, const std::string& name,
                                                    std::size_t user);

}  // namespace compose::images
