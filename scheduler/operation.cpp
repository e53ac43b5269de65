#include "scheduler/operation.hpp"

#include "base/overloaded.hpp"
#include "base/text.hpp"

namespace compose::sched {

using base::overloaded;
using base::text;

namespace {

std::string describe_creation(const CreateContainer& op) {
  if (op.created_as == op.container.name) return text("create container {}", op.container.name);
  return text("create container {} as {}", op.container.name, op.created_as);
}

std::string describe_wait(const AwaitCondition& op) {
  switch (op.until) {
    case Until::started:
      return text("await service {} started", op.service);
    case Until::healthy:
      return text("await service {} healthy", op.service);
    case Until::completed_successfully:
      return text("await service {} completed successfully", op.service);
    case Until::ready:
      return text("await service {} ready", op.service);
  }
  return {};
}

}  // namespace

std::string describe(const Operation& operation) {
  return std::visit(
      overloaded{
          [](const CreateNetwork& op) { return text("create network {}", op.name); },
          [](const RemoveNetwork& op) { return text("remove network {}", op.name); },
          [](const DisconnectNetwork& op) {
            return text("disconnect container {} from {}", op.container.name, op.network);
          },
          [](const ConnectNetwork& op) {
            return text("connect container {} to {}", op.container.name, op.network);
          },
          [](const CreateVolume& op) { return text("create volume {}", op.name); },
          [](const RemoveVolume& op) { return text("remove volume {}", op.name); },
          [](const CreateContainer& op) { return describe_creation(op); },
          [](const StartContainer& op) { return text("start container {}", op.container.name); },
          [](const StopContainer& op) { return text("stop container {}", op.container.name); },
          [](const KillContainer& op) {
            return text("kill container {} with signal {}", op.container.name, op.signal);
          },
          [](const RestartContainer& op) { return text("restart container {}", op.container.name); },
          [](const PauseContainer& op) { return text("pause container {}", op.container.name); },
          [](const UnpauseContainer& op) { return text("unpause container {}", op.container.name); },
          [](const RemoveContainer& op) {
            return text("remove container {}{}", op.container.name,
                        op.with_anonymous_volumes ? " with its anonymous volumes" : "");
          },
          [](const RenameContainer& op) { return text("rename container {} to {}", op.from, op.to); },
          [](const RunHook& op) {
            return text("run {}[{}] in container {}", op.phase, op.index, op.container.name);
          },
          [](const AwaitCondition& op) { return describe_wait(op); },
          [](const Milestone& op) { return op.text; },
      },
      operation);
}

std::string_view kind_of(const Operation& operation) {
  constexpr std::string_view k_kinds[] = {
      "create_network",    "remove_network",   "disconnect_network", "connect_network",  "create_volume",
      "remove_volume",     "create_container", "start_container",    "stop_container",   "kill_container",
      "restart_container", "pause_container",  "unpause_container",  "remove_container", "rename_container",
      "run_hook",          "await_condition",  "milestone",
  };
  static_assert(std::size(k_kinds) == std::variant_size_v<Operation>);
  return k_kinds[operation.index()];
}

const ContainerRef* container_of(const Operation& operation) {
  return std::visit(
      [](const auto& op) -> const ContainerRef* {
        if constexpr (requires { op.container; }) return &op.container;
        return nullptr;
      },
      operation);
}

}  // namespace compose::sched
