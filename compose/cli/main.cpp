// The composition root: makes the world that a command sees, runs the verb, and is the only place that turns
// errors into exit codes. 0 success, 1 any error, 128 and the signal's number (130) when interrupted,
// otherwise the code of what ran in a container.
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/options.hpp"
#include "compose/cli/verb.hpp"
#include "compose/ui/output.hpp"
#include "compose/ui/style.hpp"

namespace compose::cli {
namespace {

enum class ExitCode : int { ok = 0, failure = 1, reader_gone = 141 };
constexpr int k_signal_base = 128;

// A program may be started without standard descriptors; whatever we open next must not become one of them.
void guarantee_standard_descriptors() {
  int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::fcntl(fd, F_DUPFD, 0);
  if (fd > STDERR_FILENO) ::close(fd);
}

void tell(std::string_view message) {
  std::cerr << ui::printable(message) << '\n' << std::flush;
}

void list_commands(ui::Output& out) {
  out.write("\nCommands:\n");
  for (const auto& verb : all_verbs()) {
    std::string name{verb.name};
    name.resize(std::max<std::size_t>(12, name.size() + 1), ' ');
    out.line(base::text("  {}{}", name, verb.summary));
  }
  out.write("\nRun 'compose COMMAND --help' for more about a command.\n");
}

int unknown_verb(const CommandLine& line) {
  const auto similar = similar_verb(line.verb);
  tell(base::text("unknown command: \"compose {}\"{}", line.verb,
                  similar.empty() ? std::string{"; 'compose --help' lists the commands"}
                                  : base::text("; did you mean \"{}\"?", similar)));
  return static_cast<int>(ExitCode::failure);
}

int run_verb(const VerbEntry& entry, const CommandLine& line, ui::Output& out) {
  const auto verb = entry.make();
  Arguments arguments{base::text("{} {}", entry.name, entry.usage), std::string{entry.summary}};
  verb->declare(arguments);
  arguments.parse(line.arguments);
  if (arguments.help_wanted()) {
    out.write(arguments.help());
    return static_cast<int>(ExitCode::ok);
  }
  Context context{line.options, line.verb, out};
  const int code = verb->run(context);
  context.finish();
  return code;
}

int run(const std::vector<std::string>& words, ui::Output& out) {
  CommandLine line = parse_command_line(words);
  if (line.version_wanted) {
    line.verb = "version";
    line.arguments.clear();
  }
  if (line.help_wanted || line.verb.empty()) {
    out.write(line.help);
    list_commands(out);
    return static_cast<int>(ExitCode::ok);
  }
  if (line.options.debug) base::set_up_log(true);
  const auto* entry = find_verb(line.verb);
  return entry == nullptr ? unknown_verb(line) : run_verb(*entry, line, out);
}

int run_and_report(const std::vector<std::string>& words) {
  ui::Output out{STDOUT_FILENO};
  try {
    const int code = run(words, out);
    out.flush();
    return code;
  } catch (const ui::ReaderGone&) {
    return static_cast<int>(ExitCode::reader_gone);
  } catch (const Interrupted& e) {
    if (!e.message().empty()) tell(e.message());
    return k_signal_base + e.signal();
  } catch (const std::exception& e) {
    if (e.what()[0] != '\0') tell(e.what());
  }
  return static_cast<int>(ExitCode::failure);
}

// All is said and closed: what libraries would tidy up of a process that ends takes a tenth of a millisecond
// or two of each command. Builds that look for leaks at the end, or count what ran, end as usual.
int leave(int code) {
#ifdef COMPOSE_LEAVES_AT_ONCE
  std::fflush(nullptr);
  ::_exit(code);
#else
  return code;
#endif
}

}  // namespace
}  // namespace compose::cli

int main(int argc, char** argv) {
  using namespace compose::cli;
  guarantee_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is seen as EPIPE, where it happens
  return leave(run_and_report({argv + std::min(1, argc), argv + argc}));
}
