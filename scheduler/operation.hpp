#pragma once
// What a plan consists of: one struct for each operation, with exactly its own fields. Plain values; the
// executor alone turns them into calls of the effects. Times in nanoseconds where they are not std::chrono.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"
#include "scheduler/desired_state.hpp"

namespace compose::sched {

// Numbered from 1 in the order of their plan.
enum class StepId : std::uint32_t { none = 0 };

// A container that exists, or one that a step before will have made.
struct ContainerRef {
  std::string name;  // as people see it: the final one, while it still has a temporary one too
  std::string service;
  int number = 0;
  rt::ContainerId id;  // empty: made by `made_by`
  StepId made_by = StepId::none;
  bool operator==(const ContainerRef&) const = default;
};

// ---- networks and volumes ----

struct CreateNetwork {
  std::string key;  // of a DesiredNetwork
  std::string name;
  bool operator==(const CreateNetwork&) const = default;
};
struct RemoveNetwork {
  std::string name;
  bool operator==(const RemoveNetwork&) const = default;
};
// A changed network is made anew under its containers, which keep their identity: stop them, disconnect,
// remove the network, create it, connect, start.
struct DisconnectNetwork {
  ContainerRef container;
  std::string network;  // name
  bool operator==(const DisconnectNetwork&) const = default;
};
struct ConnectNetwork {
  ContainerRef container;
  std::string key;
  std::string network;  // name
  bool operator==(const ConnectNetwork&) const = default;
};
struct CreateVolume {
  std::string key;  // of a DesiredVolume
  std::string name;
  bool operator==(const CreateVolume&) const = default;
};
struct RemoveVolume {
  std::string name;
  bool operator==(const RemoveVolume&) const = default;
};

// ---- containers ----

struct CreateContainer {
  ContainerRef container;  // made_by is this step
  std::string created_as;  // the name it gets first; another one than container.name while it replaces
  std::optional<rt::ContainerId> replaces;  // its addresses and anonymous volumes are taken over
  bool renew_anonymous_volumes = false;     // do not take over anonymous volumes
  std::vector<ContainerRef> peers;  // whose namespaces or volumes it shares, one for each such service
  bool operator==(const CreateContainer&) const = default;
};
struct StartContainer {
  ContainerRef container;
  bool operator==(const StartContainer&) const = default;
};
struct StopContainer {
  ContainerRef container;
  std::optional<std::chrono::nanoseconds> grace;  // nullopt: the container's own
  bool replaced = false;                          // part of a recreation, which is what people are told
  bool operator==(const StopContainer&) const = default;
};
struct KillContainer {
  ContainerRef container;
  int signal = 9;
  bool operator==(const KillContainer&) const = default;
};
struct RestartContainer {
  ContainerRef container;
  std::optional<std::chrono::nanoseconds> grace;
  bool operator==(const RestartContainer&) const = default;
};
struct PauseContainer {
  ContainerRef container;
  bool operator==(const PauseContainer&) const = default;
};
struct UnpauseContainer {
  ContainerRef container;
  bool operator==(const UnpauseContainer&) const = default;
};
struct RemoveContainer {
  ContainerRef container;
  bool with_anonymous_volumes = false;
  bool replaced = false;
  bool operator==(const RemoveContainer&) const = default;
};
struct RenameContainer {
  ContainerRef container;
  std::string from;
  std::string to;
  bool replaced = false;  // the end of a recreation
  bool operator==(const RenameContainer&) const = default;
};

struct RunHook {
  ContainerRef container;
  std::string phase;  // "post_start", "pre_stop"
  std::size_t index = 0;
  HookSpec hook;
  bool operator==(const RunHook&) const = default;
};

// ---- waiting ----

enum class Until : std::uint8_t {
  started,                 // depends_on: service_started, where it is not required
  healthy,                 // depends_on: service_healthy
  completed_successfully,  // depends_on: service_completed_successfully
  ready,                   // up --wait: healthy where there is a health check, else running (or ended with 0)
};

struct AwaitCondition {
  std::string service;
  Until until = Until::healthy;
  // False: a failure (of steps before it, too) is a warning, and what comes after goes on.
  bool required = true;
  std::vector<ContainerRef> containers;  // all of them
  bool operator==(const AwaitCondition&) const = default;
};

// Does nothing: one node in place of n x m edges ("all of web are stopped").
struct Milestone {
  std::string text;
  bool operator==(const Milestone&) const = default;
};

using Operation = std::variant<CreateNetwork, RemoveNetwork, DisconnectNetwork, ConnectNetwork, CreateVolume,
                               RemoveVolume, CreateContainer, StartContainer, StopContainer, KillContainer,
                               RestartContainer, PauseContainer, UnpauseContainer, RemoveContainer,
                               RenameContainer, RunHook, AwaitCondition, Milestone>;

// "create container shop-web-1"
[[nodiscard]] std::string describe(const Operation& operation);
// "create_container"
[[nodiscard]] std::string_view kind_of(const Operation& operation);
// The container that the operation is about; nullptr: it is about something else.
[[nodiscard]] const ContainerRef* container_of(const Operation& operation);

}  // namespace compose::sched
