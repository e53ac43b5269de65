#include "compose/cli/arguments.hpp"

#include <doctest/doctest.h>

using compose::cli::Arguments;
using compose::cli::UsageError;

namespace {

struct Parsed {
  bool detach = false;
  bool orphans = true;
  std::optional<int> timeout;
  std::vector<std::string> scale;
  std::vector<std::string> words;

  explicit Parsed(const std::vector<std::string>& line, bool verbatim = false) {
    Arguments a{"up [OPTIONS] [SERVICE...]", "Create"};
    a.flag("-d,--detach", detach, "Background");
    a.flag("--orphans", orphans, "!");
    a.value("-t,--timeout", timeout, "seconds", "Wait");
    a.values("--scale", scale, "SERVICE=N", "Number");
    if (verbatim)
      a.words_verbatim(words, "SERVICE COMMAND", "What", 2);
    else
      a.words(words, "SERVICE...", "Which", 0, 2);
    a.parse(line);
  }
};

std::string line_error(const std::vector<std::string>& line, bool verbatim = false) {
  try {
    Parsed parsed{line, verbatim};
  } catch (const UsageError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("cli/arguments") {
  TEST_CASE("options and words may be mixed") {
    const Parsed p{{"web", "-d", "--scale", "web=3", "-t5", "db", "--scale=db=0", "--orphans=false"}};
    CHECK(p.detach);
    CHECK_FALSE(p.orphans);
    CHECK(p.timeout == 5);
    CHECK(p.scale == std::vector<std::string>{"web=3", "db=0"});
    CHECK(p.words == std::vector<std::string>{"web", "db"});
  }

  TEST_CASE("a short option may have its value after an equals sign") {
    const Parsed p{{"-d=true", "-t=7", "--", "-t=8"}};
    CHECK(p.detach);
    CHECK(p.timeout == 7);
    CHECK_FALSE(Parsed{{"-d=false"}}.detach);
    CHECK(line_error({"-x=1"}) == "unknown shorthand flag: 'x' in -x=1");
    CHECK(Parsed{{"web", "ls", "-d=1"}, true}.words == std::vector<std::string>{"web", "ls", "-d=1"});
  }

  TEST_CASE("verbatim words begin at the first one and take everything") {
    const Parsed p{{"-d", "web", "ls", "-d", "--foo", "--", "x"}, true};
    CHECK(p.words == std::vector<std::string>{"web", "ls", "-d", "--foo", "--", "x"});
    CHECK(p.detach);
  }

  TEST_CASE("wrong use is named") {
    CHECK(line_error({"--frob"}) == "unknown flag: --frob");
    CHECK(line_error({"--frob=1"}) == "unknown flag: --frob");
    CHECK(line_error({"-x"}) == "unknown shorthand flag: 'x' in -x");
    CHECK(line_error({"-t"}) == "flag needs an argument: --timeout");
    CHECK(line_error({"-t", "soon"}) == "invalid argument \"soon\" for --timeout: must be a whole number");
    CHECK(line_error({"a", "b", "c"}) == "\"compose up\" takes at most 2 argument(s): 'c' is one too many");
    CHECK(line_error({"web"}, true) ==
          "\"compose up\" needs SERVICE COMMAND\n\nUsage:  compose up [OPTIONS] [SERVICE...]");
    CHECK(line_error({"--frob", "web", "ls"}, true) == "unknown flag: --frob");
  }

  TEST_CASE("help shows options, words and examples, and nothing hidden") {
    Arguments a{"up [OPTIONS]", "Create and start"};
    bool shown = false;
    bool hidden = false;
    a.flag("--shown", shown, "Visible");
    a.flag("--hidden", hidden, "!");
    a.examples("  compose up\n");
    a.parse({"--help"});
    CHECK(a.help_wanted());
    const auto help = a.help();
    CHECK(help.starts_with("Usage:  compose up [OPTIONS]\n\nCreate and start\n"));
    CHECK(help.find("--shown") != std::string::npos);
    CHECK(help.find("--hidden") == std::string::npos);
    CHECK(help.ends_with("Examples:\n  compose up\n"));
  }
}
