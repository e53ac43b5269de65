#pragma once
// Foreground `up`: executes the plan, prints what the containers write, and stops them in order when the user
// says so or when one of them ends.
#include <set>
#include <string>

#include "compose/cli/bring_up.hpp"

namespace compose::cli {

struct AttachOptions {
  std::set<std::string> services;  // whose lines are shown
  bool abort_on_exit = false;
  bool abort_on_failure = false;
  std::string exit_code_from;
  bool prefix = true;
  bool timestamps = false;
  bool colour = true;
  bool menu = true;  // on a terminal: keys, and a line that tells of them
};

// The exit code.
int run_attached(Context& context, const Wanted& wanted, const Prepared& prepared, const UpOptions& up,
                 const AttachOptions& options);

}  // namespace compose::cli
