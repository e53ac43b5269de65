#pragma once
// A stub resolver of one question: asks 127.0.0.11:53 of the current namespace.
#include <string>

namespace compose::net::testing {

// The addresses of the answer, joined with ",", in their order; "NXDOMAIN", "SERVFAIL", "NODATA", "TRUNCATED"
// or "timeout".
std::string ask_udp(const std::string& name, unsigned type = 1);
std::string ask_tcp(const std::string& name, unsigned type = 1);

}  // namespace compose::net::testing
