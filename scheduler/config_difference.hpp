#pragma once
// Names the members in which two configurations differ, for the cause of a recreation.
#include <string>

namespace compose::sched {

// "configuration changed: environment, ports"; without one of the two texts (canonical JSON objects) or when
// they do not tell, "configuration changed".
[[nodiscard]] std::string config_difference(const std::string& before, const std::string& after);

}  // namespace compose::sched
