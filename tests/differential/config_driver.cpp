// `compose config` without the command line: what the differential test compares with Docker Compose.
//   config_driver [-f FILE]... [-p NAME] [--env-file FILE] [--profile P] [--format json] [--no-interpolate]
//                 [--no-normalize] [--no-path-resolution] [--no-env-resolution] [--no-consistency]
//                 [--warnings] [-q] [SERVICE...]
#include <cstdio>
#include <string_view>

#include "compose/loader/render_config.hpp"

namespace {

using compose::loader::ConfigFormat;
using compose::loader::LoadOptions;

struct Arguments {
  LoadOptions load = compose::loader::options_of_this_process();
  ConfigFormat format = ConfigFormat::yaml;
  bool warnings = false;
  bool quiet = false;
  bool variables = false;
};

bool take_flag(std::string_view word, Arguments& arguments) {
  auto& load = arguments.load;
  if (word == "--no-interpolate")
    load.interpolate = false;
  else if (word == "--no-normalize")
    load.normalize = false;
  else if (word == "--no-path-resolution")
    load.resolve_paths = false;
  else if (word == "--no-env-resolution")
    load.resolve_environment = false;
  else if (word == "--no-consistency")
    load.check_consistency = false;
  else if (word == "--warnings")
    arguments.warnings = true;
  else if (word == "--variables")
    arguments.variables = true;
  else if (word == "-q")
    arguments.quiet = true;
  else
    return false;
  return true;
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (take_flag(word, arguments)) continue;
    if (!word.starts_with('-') || i + 1 >= count) {
      arguments.load.services.emplace_back(word);
      continue;
    }
    const std::string value = words[++i];
    if (word == "-f") arguments.load.files.push_back(value);
    if (word == "-p") arguments.load.project_name = value;
    if (word == "--env-file") arguments.load.env_files.push_back(value);
    if (word == "--profile") arguments.load.profiles.push_back(value);
    if (word == "--project-directory") arguments.load.project_directory = value;
    if (word == "--format" && value == "json") arguments.format = ConfigFormat::json;
  }
  return arguments;
}

void run(const Arguments& arguments) {
  namespace loader = compose::loader;
  if (arguments.variables) {
    std::fputs(loader::list_variables(arguments.load, arguments.format).c_str(), stdout);
    return;
  }
  if (!arguments.load.interpolate) {
    std::fputs(loader::render_uninterpolated(arguments.load, arguments.format).c_str(), stdout);
    return;
  }
  const auto loaded = loader::load_project(arguments.load);
  if (arguments.warnings)
    for (const auto& warning : loaded.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!arguments.quiet)
    std::fputs(loader::render_config(loaded.project, {.format = arguments.format}).c_str(), stdout);
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words));
    return 0;
  } catch (const compose::base::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
