#pragma once
// A start request as the shim has it: decoded, with its descriptors sorted out.
#include <vector>

#include "base/channel.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/start_request.hpp"

namespace compose::rt {

struct StartMessage {
  StartHeader header;
  ContainerSpec spec;
  base::UniqueFd network_namespace;          // networked: once it has come
  std::vector<base::UniqueFd> dns_sockets;   // with it
  std::vector<base::UniqueFd> held_sockets;  // one for each of header.held_ports
  base::UniqueFd stdio[3];
  base::UniqueFd tee[2];
  base::UniqueFd follower;
  base::UniqueFd init_program;  // of the launcher, where the container has an init of its own
  base::UniqueFd lane;          // none: nothing more is to come
};

// Error: damaged, another protocol, or not the descriptors that it announces.
StartMessage decode_start(base::Message message);

}  // namespace compose::rt
