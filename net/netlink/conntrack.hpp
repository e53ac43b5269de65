#pragma once
// Connection tracking, over nfnetlink. A UDP flow that the kernel has seen keeps its translation as long as
// packets come, even when the container behind the port is another one; so flows to a port are forgotten when
// the port changes hands.
#include <cstdint>

namespace compose::net::netlink {

// Forgets every UDP flow whose first packet went to this port. Best effort: a kernel without connection
// tracking has none.
void forget_udp_flows(std::uint16_t destination_port);

}  // namespace compose::net::netlink
