#pragma once
// A stub resolver of one question: asks 127.0.0.11:53 of the current namespace.
#include <string>

namespace compose::net::testing {

// The answer as dns::testing::describe() tells it, or "timeout".
std::string ask_udp(const std::string& name, unsigned type = 1);
std::string ask_tcp(const std::string& name, unsigned type = 1);

}  // namespace compose::net::testing
