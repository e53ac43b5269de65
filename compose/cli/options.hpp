#pragma once
// The options in front of the verb, with their environment variables. Plain values; made once by main.
//
// Source: Docker Compose v2's root command. `-f`, `-p` and the rest are accepted before the verb only, as
// there.
#include <optional>
#include <string>
#include <vector>

namespace compose::cli {

enum class Ansi { automatic, never, always };
enum class ProgressMode { automatic, tty, plain, json, quiet };

// Of `--progress`; UsageError for what is none.
ProgressMode parse_progress_mode(const std::string& word);

struct GlobalOptions {
  std::vector<std::string> files;
  std::optional<std::string> project_name;
  std::optional<std::string> project_directory;
  std::vector<std::string> env_files;
  std::vector<std::string> profiles;
  Ansi ansi = Ansi::automatic;
  ProgressMode progress = ProgressMode::automatic;
  int parallel = -1;  // -1: no bound
  bool dry_run = false;
  bool compatibility = false;
  bool all_resources = false;
  bool debug = false;
  bool timings = false;
};

struct CommandLine {
  GlobalOptions options;
  bool version_wanted = false;
  bool help_wanted = false;
  std::string help;                    // text of the global options
  std::string verb;                    // empty: none was given
  std::vector<std::string> arguments;  // of the verb
};

// Throws UsageError.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace compose::cli
