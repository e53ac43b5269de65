#include "images/build/dockerfile_check.hpp"

#include <optional>

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace compose;

namespace {

images::CheckSurroundings known_surroundings() {
  images::CheckSurroundings known{
      .predefined = {{"TARGETPLATFORM", "linux/amd64"}, {"BUILDPLATFORM", "linux/amd64"}}};
  known.base = [](const std::string& image) -> std::optional<images::ImageConfig> {
    if (image.starts_with("unknown")) return std::nullopt;
    return images::ImageConfig{.environment = {"VERSION=1", "HOME=/root"}};
  };
  return known;
}

images::CheckReport report_on(const std::string& text, const images::CheckSurroundings& known) {
  return images::check_dockerfile(images::parse_dockerfile(text, "Dockerfile"), known);
}

std::string rules_of(const std::string& text, const images::CheckSurroundings& known = known_surroundings()) {
  std::string rules;
  for (const auto& finding : report_on(text, known).findings)
    rules += base::text("{}:{} ", finding.line, finding.rule);
  return rules;
}

std::string messages_of(const std::string& text) {
  std::string messages;
  for (const auto& finding : report_on(text, known_surroundings()).findings)
    messages += finding.message + "\n";
  return messages;
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
    CHECK(rules_of("FROM a:${V}\n") == "1:UndefinedArgInFrom 1:InvalidDefaultArgInFrom ");
    CHECK(rules_of("FROM --platform=$BUILDPLATFORM a\nENV TOKEN=1 PUBLIC_KEY=2\nARG db_password\n") ==
          "2:SecretsUsedInArgOrEnv 3:SecretsUsedInArgOrEnv ");
    CHECK(rules_of("FROM a\nENV A 1\nLABEL b c\n") == "2:LegacyKeyValueFormat 3:LegacyKeyValueFormat ");
    CHECK(rules_of("FROM a\nCMD [\"x\"]\nCMD [\"y\"]\nFROM a\nCMD [\"z\"]\n") ==
          "2:MultipleInstructionsDisallowed ");
    CHECK(rules_of("FROM a\nCMD x\nENTRYPOINT y\n") == "2:JSONArgsRecommended 3:JSONArgsRecommended ");
    CHECK(rules_of("FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nCMD x\n") == "");
    CHECK(rules_of("FROM a\nMAINTAINER me\n") == "2:MaintainerDeprecated ");
    CHECK(rules_of("FROM a\nWORKDIR x\n") == "2:WorkdirRelativePath ");
    CHECK(rules_of("FROM a\nRUN x\nrun y\n") == "3:ConsistentInstructionCasing ");
    CHECK(rules_of("FROM a\nRUN x; \\\n\n  y\nRUN z \\\n# comment\n  z\n") == "4:NoEmptyContinuation ");
    CHECK(rules_of("FROM a AS b\nFROM c AS b\n") == "2:DuplicateStageName ");
    CHECK(rules_of("FROM a\nEXPOSE 80/TCP 8080:81 127.0.0.1::82/udp 83\n") ==
          "2:ExposeProtoCasing 2:ExposeInvalidFormat 2:ExposeInvalidFormat ");
    CHECK(rules_of("FROM --platform=linux/amd64 a\nFROM --platform=linux/amd64 a AS a-amd64\n") ==
          "1:FromPlatformFlagConstDisallowed ");
    CHECK(rules_of("ARG V\nFROM a:$V\n") == "2:InvalidDefaultArgInFrom ");
    CHECK(rules_of("ARG V=1\nARG W=${V}2\nFROM a:$W\n") == "");
    CHECK(rules_of("FROM a\nENV KEY_FILE=x TOKEN_VERSION=1\n") == "");
  }

  TEST_CASE("variables are set by the base image, ENV and ARG, and by nothing else") {
    CHECK(messages_of("FROM a\nENV X=$VERSION P=$PATH\nARG Y\nCOPY $X $Y$VERSON $lower /$NONE\n") ==
          "nothing sets '$NONE'\nnothing sets '$VERSON', did you mean '$VERSION'?\nnothing sets '$lower'\n");
    CHECK(rules_of("FROM unknown:1\nLABEL a=$X\n") == "");
    CHECK(rules_of("FROM scratch\nLABEL a=$X\nENV X=1\nLABEL a=$X\n") == "2:UndefinedVar ");
    CHECK(rules_of("FROM a AS b\nARG X=1\nFROM b\nENV Y=$X Z=$Y\n") == "4:UndefinedVar ");
    CHECK(rules_of("FROM a\nARG X=$W\nVOLUME $V\nRUN --mount=type=cache,target=/$T true "
                   "$ignored\nHEALTHCHECK CMD $H\n") == "2:UndefinedVar 3:UndefinedVar 4:UndefinedVar ");
    CHECK(rules_of("FROM a\nCOPY <<E <<\"F\" /\n$X\nE\n$Y\nF\n") == "2:UndefinedVar ");
    CHECK(messages_of("ARG TAG=1\nFROM a:$TAGG\n") ==
          "no ARG before the first FROM declares 'TAGG', did you mean 'TAG'?\n"
          "without build arguments 'a:$TAGG' is 'a:', which is no image\n");
  }

  TEST_CASE("what a stage begins with counts") {
    CHECK(rules_of("FROM a AS b\nSHELL [\"/bin/bash\", \"-c\"]\nWORKDIR /x\nFROM b\nCMD x\nWORKDIR y\nFROM "
                   "a\nCMD x\n") == "8:JSONArgsRecommended ");
    CHECK(rules_of("FROM a\nENV D=rel E=/abs\nWORKDIR $D\nWORKDIR y\nFROM a\nENV E=/abs\nWORKDIR $E\n") ==
          "3:WorkdirRelativePath ");
    auto known = known_surroundings();
    known.needed = {{1}};
    CHECK(rules_of("FROM a AS First\nWORKDIR x\nFROM a\nWORKDIR y\n", known) ==
          "1:StageNameCasing 4:WorkdirRelativePath ");
  }

  TEST_CASE("what .dockerignore hides cannot be copied") {
    auto known = known_surroundings();
    known.ignored = images::IgnoreRules{"secret\n*.log\n", ".dockerignore"};
    CHECK(rules_of("FROM a\nCOPY secret/x a.txt /\nADD ./b.log /\nCOPY . /\nCOPY --from=a secret /\n",
                   known) == "2:CopyIgnoredFile 3:CopyIgnoredFile ");
    known.ignored = images::IgnoreRules{"secret\n!secret/x\n", ".dockerignore"};
    CHECK(rules_of("FROM a\nCOPY secret /\n", known) == "");
  }

  TEST_CASE("an experimental rule is asked for") {
    const std::string text =
        "# the base\nFROM a AS base\n# base is good\nFROM a AS next\n\n# apart\n\nFROM a AS other\n";
    CHECK(rules_of(text) == "");
    CHECK(rules_of("# check=experimental=all\n" + text) ==
          "3:InvalidDefinitionDescription 5:InvalidDefinitionDescription ");
  }

  TEST_CASE("rules can be left out by name") {
    CHECK(rules_of("# check=skip=MaintainerDeprecated,JSONArgsRecommended\nFROM a\nMAINTAINER x\nCMD "
                   "y\nWORKDIR z\n") == "5:WorkdirRelativePath ");
    CHECK(rules_of("# check=skip=all\nFROM a\nMAINTAINER x\n") == "");
    CHECK(rules_of("FROM a\n# check=skip=MaintainerDeprecated\nMAINTAINER x\nMAINTAINER y\n") ==
          "4:MaintainerDeprecated ");
    auto known = known_surroundings();
    known.arguments["BUILDKIT_DOCKERFILE_CHECK"] = "skip=WorkdirRelativePath;error=1";
    const auto report = report_on("# check=skip=all\nFROM a\nMAINTAINER x\nWORKDIR y\n", known);
    CHECK(report.findings.size() == 1);
    CHECK(report.error);
    CHECK_FALSE(report_on("# check=error=true\nFROM a\n", known_surroundings()).error);
    CHECK(report_on("# check=skip=WorkdirRelativePath; error = true\nFROM a\nMAINTAINER x\n",
                    known_surroundings())
              .error);
  }

  TEST_CASE("a setting that means nothing is an error") {
    CHECK_THROWS_WITH(report_on("# check=skp=all\nFROM a\n", known_surroundings()),
                      "Dockerfile: check 'skp=all': must be skip=..., experimental=... or error=true");
    CHECK_THROWS_WITH((void)images::parse_check_settings("error=maybe"),
                      "check 'error=maybe': must be skip=..., experimental=... or error=true");
    CHECK(images::parse_check_settings(" ") == images::CheckSettings{});
  }
}
