#include "images/build/dockerfile_check.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace compose;

namespace {

std::string rules_of(const std::string& text) {
  std::string rules;
  for (const auto& finding : images::check_dockerfile(images::parse_dockerfile(text, "Dockerfile")))
    rules += base::text("{}:{} ", finding.line, finding.rule);
  return rules;
}

}  // namespace

TEST_SUITE("images/build/dockerfile_check") {
  TEST_CASE("a Dockerfile without anything doubtful has no findings") {
    CHECK(rules_of("ARG V=1\nFROM a:$V AS b\nENV A=1\nWORKDIR /x\nWORKDIR y\nCMD [\"c\"]\n") == "");
  }

  TEST_CASE("each rule finds its lines") {
    CHECK(rules_of("FROM a AS Build\n") == "1:StageNameCasing ");
    CHECK(rules_of("FROM a as b\n") == "1:FromAsCasing ");
    CHECK(rules_of("FROM a AS context\n") == "1:ReservedStageName ");
    CHECK(rules_of("FROM --platform=$TARGETPLATFORM a\n") == "1:RedundantTargetPlatform ");
    CHECK(rules_of("FROM a:${V}\n") == "1:UndefinedArgInFrom ");
    CHECK(rules_of("FROM --platform=$BUILDPLATFORM a\nENV TOKEN=1 PUBLIC_KEY=2\nARG db_password\n") ==
          "2:SecretsUsedInArgOrEnv 3:SecretsUsedInArgOrEnv ");
    CHECK(rules_of("FROM a\nENV A 1\nLABEL b c\n") == "2:LegacyKeyValueFormat 3:LegacyKeyValueFormat ");
    CHECK(rules_of("FROM a\nCMD [\"x\"]\nCMD [\"y\"]\nFROM a\nCMD [\"z\"]\n") ==
          "3:MultipleInstructionsDisallowed ");
    CHECK(rules_of("FROM a\nCMD x\nENTRYPOINT y\n") == "2:JSONArgsRecommended 3:JSONArgsRecommended ");
    CHECK(rules_of("FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nCMD x\n") == "");
    CHECK(rules_of("FROM a\nMAINTAINER me\n") == "2:MaintainerDeprecated ");
    CHECK(rules_of("FROM a\nWORKDIR x\n") == "2:WorkdirRelativePath ");
    CHECK(rules_of("FROM a\nRUN x\nrun y\n") == "3:ConsistentInstructionCasing ");
  }

  TEST_CASE("rules can be left out by name") {
    CHECK(rules_of("# check=skip=MaintainerDeprecated,JSONArgsRecommended\nFROM a\nMAINTAINER x\nCMD "
                   "y\nWORKDIR z\n") == "5:WorkdirRelativePath ");
    CHECK(rules_of("# check=skip=all\nFROM a\nMAINTAINER x\n") == "");
  }
}
