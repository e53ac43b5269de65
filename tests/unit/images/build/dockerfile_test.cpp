#include "images/build/dockerfile.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "images/build/dockerfile_lexer.hpp"

using namespace compose;
using namespace compose::images;

namespace {

template <class Body>
Body only(const std::string& line) {
  const auto file = parse_dockerfile("FROM scratch\n" + line, "Dockerfile");
  REQUIRE(file.instructions.size() == 2);
  return std::get<Body>(file.instructions[1].body);
}

std::string syntax_error(const std::string& text) {
  try {
    (void)parse_dockerfile(text, "Dockerfile");
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}
std::string step_error(const std::string& line) {
  return syntax_error("FROM scratch\n" + line);
}

using Words = std::vector<std::string>;

}  // namespace

TEST_SUITE("images/build/dockerfile") {
  TEST_CASE("continuation lines, comments and blank lines make one instruction") {
    const auto file = parse_dockerfile(
        "# hello\n\nFROM scratch\nRUN one && \\\n  # between\n\n  two \\  \n three\nCMD x\n", "D");
    REQUIRE(file.instructions.size() == 3);
    CHECK(file.instructions[1].line == 4);
    CHECK(std::get<RunInstruction>(file.instructions[1].body).command.text == "one &&   two  three");
    CHECK(file.instructions[2].line == 9);
  }

  TEST_CASE("the escape directive changes the escape character") {
    const auto file = parse_dockerfile("# escape=`\nFROM scratch\nRUN dir c:\\ `\n more\n", "D");
    CHECK(file.escape == '`');
    CHECK(std::get<RunInstruction>(file.instructions[1].body).command.text == "dir c:\\  more");
    CHECK(syntax_error("# escape=x\nFROM a\n") ==
          "Dockerfile:1: the escape character must be \\ or `, not 'x'");
  }

  TEST_CASE("a builder image that is asked for is ignored with a warning, the usual one silently") {
    CHECK(parse_dockerfile("# syntax=docker/dockerfile:1\nFROM a\n", "D").warnings.empty());
    CHECK(parse_dockerfile("# syntax=evil/x\nFROM a\n", "D").warnings ==
          Words{"D:1: '# syntax=evil/x' is ignored: no builder images are run"});
  }

  TEST_CASE("FROM has a platform, an image and a name") {
    const auto file = parse_dockerfile("FROM --platform=linux/amd64 alpine:3 AS Build-1\n", "D");
    const auto& from = std::get<FromInstruction>(file.instructions[0].body);
    CHECK(from.platform == "linux/amd64");
    CHECK(from.base == "alpine:3");
    CHECK(from.name == "build-1");
  }

  TEST_CASE("commands have an exec form and a shell form") {
    CHECK(only<CmdInstruction>("CMD [\"a\", \"b c\"]").command ==
          Command{.shell_form = false, .argv = {"a", "b c"}});
    CHECK(only<CmdInstruction>("CMD a \"b c\"").command == Command{.text = "a \"b c\""});
    CHECK(only<CmdInstruction>("CMD [not json").command == Command{.text = "[not json"});
    CHECK(only<EntrypointInstruction>("entrypoint [\"/x\"]").command.argv == Words{"/x"});
  }

  TEST_CASE("ENV and LABEL take pairs, quoted or not, and ENV the old form with a blank") {
    using Pairs = std::vector<NameValue>;
    CHECK(only<EnvInstruction>("ENV a=1 b=\"x y\" c=d\\ e").variables ==
          Pairs{{"a", "1"}, {"b", "\"x y\""}, {"c", "d\\ e"}});
    CHECK(only<EnvInstruction>("ENV name  value with blanks").variables ==
          Pairs{{"name", "value with blanks"}});
    CHECK(only<LabelInstruction>("LABEL \"com.x\"=\"y\"").labels == Pairs{{"\"com.x\"", "\"y\""}});
  }

  TEST_CASE("COPY takes flags, lists and heredocs") {
    const auto copy =
        only<CopyInstruction>("COPY --from=build --chown=1:2 --chmod=755 --link --exclude=*.o a b /dst/");
    CHECK(copy.from == "build");
    CHECK(copy.chown == "1:2");
    CHECK(copy.chmod == "755");
    CHECK(copy.link);
    CHECK(copy.excludes == Words{"*.o"});
    CHECK(copy.sources == Words{"a", "b"});
    CHECK(copy.destination == "/dst/");
    CHECK(only<CopyInstruction>("COPY [\"a b\", \"/c d\"]").sources == Words{"a b"});
    const auto heredoc = only<CopyInstruction>("COPY <<a.txt <<-\"b\" /d/\none\n  $x\na.txt\n\ttwo\n\tb\n");
    REQUIRE(heredoc.heredocs.size() == 2);
    CHECK(heredoc.heredocs[0] == Heredoc{.name = "a.txt", .content = "one\n  $x\n", .expand = true});
    CHECK(heredoc.heredocs[1] == Heredoc{.name = "b", .content = "two\n", .expand = false});
  }

  TEST_CASE("RUN takes mounts and a network") {
    const auto run = only<RunInstruction>(
        "RUN --network=none --mount=type=cache,target=/c,sharing=locked --mount=from=x,source=/a,dst=/b,rw "
        "make");
    CHECK(run.network == "none");
    REQUIRE(run.mounts.size() == 2);
    CHECK(run.mounts[0].type == "cache");
    CHECK(run.mounts[0].sharing == "locked");
    CHECK(run.mounts[1].from == "x");
    CHECK(run.mounts[1].target == "/b");
    CHECK(run.mounts[1].writable);
    CHECK(run.command.text == "make");
  }

  TEST_CASE("a heredoc that is not one is left to the shell") {
    CHECK(only<RunInstruction>("RUN cat <<<word").heredocs.empty());
    CHECK(only<RunInstruction>("RUN a << EOF").heredocs.empty());
  }

  TEST_CASE("HEALTHCHECK has options and a command, or is NONE") {
    const auto check = only<HealthcheckInstruction>("HEALTHCHECK --interval=1s --start-period=2s CMD curl x");
    CHECK(check.interval == "1s");
    CHECK(check.start_period == "2s");
    CHECK(check.command.text == "curl x");
    CHECK(only<HealthcheckInstruction>("HEALTHCHECK NONE").none);
  }

  TEST_CASE("errors name the line of the instruction and what is wrong") {
    CHECK(syntax_error("") == "Dockerfile: no FROM: there is nothing to build");
    CHECK(syntax_error("RUN x\nFROM a\n") ==
          "Dockerfile:1: RUN before the first FROM: only ARG may stand there");
    CHECK(step_error("RUNN x") == "Dockerfile:2: unknown instruction 'RUNN', did you mean 'RUN'?");
    CHECK(step_error("FRUN x") == "Dockerfile:2: unknown instruction 'FRUN', did you mean 'RUN'?");
    CHECK(step_error("FROM a b") ==
          "Dockerfile:2: FROM needs an image and may have a name: FROM <image> [AS <name>]");
    CHECK(step_error("FROM a AS 1x") ==
          "Dockerfile:2: the stage name '1x' must be a letter followed by letters, digits, '-', '_' and '.'");
    CHECK(step_error("ENV") == "Dockerfile:2: ENV needs an argument");
    CHECK(step_error("ENV a") == "Dockerfile:2: ENV needs a name and a value: ENV <name>=<value>");
    CHECK(step_error("ENV a=1 b") == "Dockerfile:2: 'b' must be <name>=<value>");
    CHECK(step_error("COPY x") == "Dockerfile:2: COPY needs a source and a destination");
    CHECK(step_error("COPY --bad=1 a b") == "Dockerfile:2: COPY has no flag --bad");
    CHECK(step_error("COPY --from a b") == "Dockerfile:2: the flag --from needs a value");
    CHECK(step_error("COPY a b c") ==
          "Dockerfile:2: with more than one source the destination 'c' must end with '/'");
    CHECK(step_error("RUN --mount=type=what,target=/x y") ==
          "Dockerfile:2: RUN --mount: the type 'what' is not known");
    CHECK(step_error("RUN --mount=color=red,target=/x y") ==
          "Dockerfile:2: RUN --mount has no option 'color'");
    CHECK(step_error("RUN --security=some x") ==
          "Dockerfile:2: RUN --security must be sandbox or insecure, not 'some'");
    CHECK(step_error("RUN <<EOF\nno end\n") == "Dockerfile:2: the heredoc 'EOF' has no end");
    CHECK(step_error("SHELL /bin/sh -c") ==
          "Dockerfile:2: SHELL needs a JSON list: SHELL [\"/bin/sh\", \"-c\"]");
    CHECK(step_error("HEALTHCHECK curl") == "Dockerfile:2: HEALTHCHECK needs CMD or NONE, not 'curl'");
    CHECK(step_error("ONBUILD FROM x") == "Dockerfile:2: ONBUILD FROM is not allowed");
    CHECK(step_error("ONBUILD NOPE x") == "Dockerfile:2: ONBUILD: unknown instruction 'NOPE'");
    CHECK(syntax_error(std::string{"FROM a\nRUN x\0y\n", 15}) == "Dockerfile:2: a NUL byte");
  }
}
