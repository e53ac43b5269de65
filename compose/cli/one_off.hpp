#pragma once
// The one-off container of `run`: its dependencies first, then itself, with the user's terminal or pipes in
// the middle.
#include <string>

#include "compose/cli/bring_up.hpp"

namespace compose::cli {

struct OneOffOptions {
  std::string service;
  std::string name;  // --name; empty: "<project>-<service>-run-<12 hex>"
  bool no_deps = false;
  bool use_aliases = false;
  bool detach = false;
  bool interactive = true;
  bool terminal = false;
  bool remove = false;  // --rm
};

// The exit code of its process; with `detach` 0, and its id on the output.
int run_one_off(Context& context, const Wanted& wanted, const UpOptions& up, const OneOffOptions& options);

}  // namespace compose::cli
