#include "compose/cli/options.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

#include "compose/cli/arguments.hpp"

using namespace compose::cli;

namespace {

// An environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

std::string option_error(const std::vector<std::string>& line) {
  try {
    static_cast<void>(parse_command_line(line));
  } catch (const UsageError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("cli/options") {
  TEST_CASE("global options end at the verb") {
    const auto line =
        parse_command_line({"-f", "a.yaml", "-f", "b.yaml", "-p", "shop", "--dry-run", "up", "-f", "x"});
    CHECK(line.options.files == std::vector<std::string>{"a.yaml", "b.yaml"});
    CHECK(line.options.project_name == "shop");
    CHECK(line.options.dry_run);
    CHECK(line.verb == "up");
    CHECK(line.arguments == std::vector<std::string>{"-f", "x"});
  }

  TEST_CASE("words become values, and unknown ones are refused with the known ones") {
    CHECK(parse_command_line({"--ansi", "never", "ps"}).options.ansi == Ansi::never);
    CHECK(parse_command_line({"--progress", "json", "ps"}).options.progress == ProgressMode::json);
    CHECK(parse_command_line({"--parallel", "4", "ps"}).options.parallel == 4);
    CHECK(option_error({"--ansi", "yes", "ps"}) ==
          "unsupported --ansi value \"yes\": must be one of auto, never, always");
    CHECK(option_error({"--parallel", "x", "ps"}) == "--parallel must be an integer (found: \"x\")");
    CHECK(option_error({"--progress", "tty", "--ansi", "never", "ps"}) ==
          "can't use --progress tty while ANSI support is disabled");
    CHECK(option_error({"--workdir", "a", "--project-directory", "b", "ps"}) ==
          "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\": use only "
          "\"--project-directory\"");
  }

  TEST_CASE("environment variables are defaults") {
    const Variable ansi{"COMPOSE_ANSI", "always"};
    const Variable limit{"COMPOSE_PARALLEL_LIMIT", "7"};
    CHECK(parse_command_line({"ps"}).options.ansi == Ansi::always);
    CHECK(parse_command_line({"ps"}).options.parallel == 7);
    CHECK(parse_command_line({"--ansi", "never", "ps"}).options.ansi == Ansi::never);
    const Variable no_color{"NO_COLOR", "1"};
    CHECK(parse_command_line({"ps"}).options.ansi == Ansi::never);
  }

  TEST_CASE("help and version need no verb") {
    CHECK(parse_command_line({"--version"}).version_wanted);
    CHECK(parse_command_line({"-h"}).help_wanted);
    CHECK(parse_command_line({}).verb.empty());
  }
}
