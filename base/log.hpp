#pragma once
// Diagnostics for people who look for a cause (`compose --debug`). Called by the CLI only; library code
// throws instead.
#include <string_view>

namespace compose::base {

void set_up_log(bool debug);  // to stderr; nothing below warning unless `debug`
void log_debug(std::string_view message);
void log_warning(std::string_view message);

}  // namespace compose::base
