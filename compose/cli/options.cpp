#include "compose/cli/options.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/sys.hpp"
#include "compose/cli/arguments.hpp"

namespace compose::cli {
namespace {

using base::text;

// What the user typed, before environment variables and before words become values.
struct Raw {
  std::optional<std::string> ansi;
  std::optional<std::string> progress;
  std::optional<std::string> parallel;
  std::optional<std::string> workdir;
  bool no_ansi = false;
  bool verbose = false;
};

std::optional<std::string> environment_unless_empty(const char* name) {
  auto value = base::sys::environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

bool is_true(const std::optional<std::string>& value) {
  return value && (*value == "1" || *value == "true" || *value == "TRUE" || *value == "True" ||
                   *value == "t" || *value == "T");
}

template <class E, std::size_t N>
E choose(const std::string& word, const std::array<std::pair<const char*, E>, N>& choices,
         const char* option) {
  std::string known;
  for (const auto& [name, value] : choices) {
    if (word == name) return value;
    known += (known.empty() ? "" : ", ") + std::string{name};
  }
  throw UsageError(text("unsupported {} value \"{}\": must be one of {}", option, word, known));
}

void resolve_appearance(GlobalOptions& options, const Raw& raw) {
  if (raw.no_ansi && raw.ansi)
    throw UsageError("cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\": use only \"--ansi\"");
  static constexpr std::array<std::pair<const char*, Ansi>, 3> k_ansi{
      {{"auto", Ansi::automatic}, {"never", Ansi::never}, {"always", Ansi::always}}};
  if (const auto ansi = raw.ansi ? raw.ansi : environment_unless_empty("COMPOSE_ANSI"))
    options.ansi = choose(*ansi, k_ansi, "--ansi");
  if (raw.no_ansi || (!raw.ansi && environment_unless_empty("NO_COLOR"))) options.ansi = Ansi::never;
  if (const auto progress = raw.progress ? raw.progress : environment_unless_empty("COMPOSE_PROGRESS"))
    options.progress = parse_progress_mode(*progress);
  if (options.progress == ProgressMode::tty && options.ansi == Ansi::never)
    throw UsageError("can't use --progress tty while ANSI support is disabled");
  if (options.progress == ProgressMode::plain && options.ansi == Ansi::always)
    throw UsageError("can't use --progress plain while ANSI support is forced");
}

void resolve_parallel(GlobalOptions& options, const Raw& raw) {
  const auto word = raw.parallel ? raw.parallel : environment_unless_empty("COMPOSE_PARALLEL_LIMIT");
  if (!word) return;
  const auto end = std::from_chars(word->data(), word->data() + word->size(), options.parallel);
  if (end.ec == std::errc{} && end.ptr == word->data() + word->size()) return;
  throw UsageError(text("{} must be an integer (found: \"{}\")",
                        raw.parallel ? "--parallel" : "COMPOSE_PARALLEL_LIMIT", *word));
}

void declare(Arguments& arguments, CommandLine& line, Raw& raw) {
  auto& o = line.options;
  arguments.flag("--all-resources", o.all_resources,
                 "Include all resources, even those not used by services");
  arguments.value("--ansi", raw.ansi, "string",
                  "Colours and cursor control: never, always, auto (default auto)");
  arguments.flag("--compatibility", o.compatibility,
                 "Name containers and images as Compose v1 did: '_' instead of '-'");
  arguments.flag("-D,--debug", o.debug, "Tell on stderr what is being done, for finding causes");
  arguments.flag("--dry-run", o.dry_run, "Print what would be done, and do nothing");
  arguments.values("--env-file", o.env_files, "file",
                   "Environment file for interpolation instead of .env; repeatable");
  arguments.values("-f,--file", o.files, "file",
                   "Compose file; repeatable, later ones are merged over earlier ones; - is stdin");
  arguments.value("--parallel", raw.parallel, "int",
                  "Upper bound of things done at the same time, -1 for none (default -1)");
  arguments.values("--profile", o.profiles, "name", "Profile to enable; repeatable, * for all");
  arguments.value("--progress", raw.progress, "string",
                  "How progress is shown: auto, tty, plain, json, quiet");
  arguments.value("--project-directory", o.project_directory, "dir",
                  "Directory that relative paths start from");
  arguments.value("-p,--project-name", o.project_name, "name",
                  "Project name (default: name: of the file, or the directory)");
  arguments.flag("--timings", o.timings, "Print on stderr how long each phase took");
  arguments.flag("-v,--version", line.version_wanted, "Show the version");
  arguments.flag("--no-ansi", raw.no_ansi, "!");
  arguments.flag("--verbose", raw.verbose, "!");
  arguments.value("--workdir", raw.workdir, "dir", "!");
}

}  // namespace

ProgressMode parse_progress_mode(const std::string& word) {
  static constexpr std::array<std::pair<const char*, ProgressMode>, 5> k_progress{
      {{"auto", ProgressMode::automatic},
       {"tty", ProgressMode::tty},
       {"plain", ProgressMode::plain},
       {"json", ProgressMode::json},
       {"quiet", ProgressMode::quiet}}};
  return choose(word, k_progress, "--progress");
}

CommandLine parse_command_line(const std::vector<std::string>& words) {
  CommandLine line;
  Raw raw;
  std::vector<std::string> rest;
  Arguments arguments{"[OPTIONS] COMMAND", "Define and run multi-container applications."};
  declare(arguments, line, raw);
  arguments.words_verbatim(rest, "COMMAND", "", 0);
  arguments.parse(words);
  line.help_wanted = arguments.help_wanted();
  if (line.help_wanted || rest.empty()) line.help = arguments.help();
  if (line.help_wanted) return line;
  resolve_appearance(line.options, raw);
  resolve_parallel(line.options, raw);
  auto& o = line.options;
  o.debug = o.debug || raw.verbose;
  o.compatibility = o.compatibility || is_true(environment_unless_empty("COMPOSE_COMPATIBILITY"));
  if (raw.workdir && o.project_directory)
    throw UsageError(
        "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\": use only "
        "\"--project-directory\"");
  if (raw.workdir) o.project_directory = raw.workdir;
  if (!rest.empty()) {
    line.verb = rest.front();
    line.arguments.assign(rest.begin() + 1, rest.end());
  }
  return line;
}

}  // namespace compose::cli
