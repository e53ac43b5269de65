#pragma once
// Who has a port of this host: the socket is looked up in /proc/net, its process in /proc/*/fd. Only for
// error messages, so whatever cannot be read is simply not told.
#include <cstdint>
#include <optional>
#include <string>

namespace compose::net {

// "process 123 (nginx)"; nullopt: no socket of this network namespace has it, or its process is not to be
// seen. `address`: as asked for; a socket of any address it collides with counts.
std::optional<std::string> find_port_owner(const std::string& protocol, const std::string& address,
                                           std::uint16_t port);

}  // namespace compose::net
