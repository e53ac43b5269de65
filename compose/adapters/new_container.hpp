#pragma once
// From what a service should be to one concrete container: id, name, labels, root file system, mounts of
// volumes, addresses and names. Plain values in, plain values out; the callers make the directories, leases
// and rows.
#include <functional>
#include <string>
#include <vector>

#include "compose/adapters/paths.hpp"
#include "compose/adapters/state.hpp"
#include "net/spec/sandbox_spec.hpp"
#include "scheduler/desired_state.hpp"

namespace compose::adapters {

// A container on its way into the database.
struct NewContainer {
  ContainerRecord record;
  rt::ContainerSpec spec;
  std::vector<VolumeRecord> anonymous_volumes;  // to be made
  std::string config;
};

struct NewContainerInput {
  const sched::DesiredService& service;
  const sched::DesiredState& desired;
  const Paths& paths;
  std::string name;
  int number = 0;
  bool one_off = false;
  bool group_names = true;               // answers to the service's name and aliases
  std::vector<base::HostPath> layers;    // of the image, top first
  std::vector<MountedVolume> inherited;  // anonymous volumes taken over, by target
  // By service: the container that stands for it.
  std::vector<std::pair<std::string, rt::ContainerSpec>> peers;
  std::function<rt::ContainerSpec(const std::string& name)> spec_of_named;  // of any container, by its name
  std::int64_t now = 0;
};

// Everything but the addresses. Error for a shared namespace whose owner is missing.
[[nodiscard]] NewContainer make_container(const NewContainerInput& input);

// What its `ports` ask for.
std::vector<PortWish> port_wishes(const sched::DesiredService& service);

// The full name of the network with this key in the file.
[[nodiscard]] const std::string& network_name(const sched::DesiredState& desired, const std::string& key);

// The names and addresses of a container on its networks; replaces spec.endpoints. `table_of` gives the names
// table. `service` empty: it answers to its own names alone.
void set_endpoints(rt::ContainerSpec& spec, const std::string& service,
                   const std::vector<net::AttachmentSpec>& attachments, const std::vector<net::Lease>& leases,
                   const std::function<base::HostPath(const net::NetworkId&)>& table_of);

// What a service asks of its networks, with their full names instead of their keys.
[[nodiscard]] std::vector<net::AttachmentSpec> named_attachments(const sched::DesiredState& desired,
                                                                 const sched::DesiredService& service);

// Where the data of a volume is: its own directory, or the host directory that a "bind" volume stands for.
[[nodiscard]] base::HostPath data_of_volume(const Paths& paths, const std::string& name,
                                            const std::map<std::string, std::string>& driver_opts);

// "host-gateway" in extra_hosts becomes the host's address on the first network that leads outside.
void name_host_gateway(rt::ContainerSpec& spec, const std::vector<net::Lease>& leases);

}  // namespace compose::adapters
