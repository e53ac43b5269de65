// One batch: tells what begins, calls the effect, tells how each element ended.
#include <algorithm>
#include <iterator>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "scheduler/execution.hpp"

namespace compose::sched {

namespace {

// What people read, in the words of the reference. An empty word is not told.
struct Words {
  const char* working;
  const char* done;
};

Words words_of(const Operation& operation) {
  if (const auto* create = std::get_if<CreateContainer>(&operation))
    return create->replaces ? Words{"Recreate", ""} : Words{"Creating", "Created"};
  if (const auto* stop = std::get_if<StopContainer>(&operation))
    return stop->replaced ? Words{"", ""} : Words{"Stopping", "Stopped"};
  if (const auto* remove = std::get_if<RemoveContainer>(&operation))
    return remove->replaced ? Words{"", ""} : Words{"Removing", "Removed"};
  if (const auto* rename = std::get_if<RenameContainer>(&operation))
    return rename->replaced ? Words{"", "Recreated"} : Words{"", ""};
  if (std::holds_alternative<StartContainer>(operation)) return {"Starting", "Started"};
  if (std::holds_alternative<KillContainer>(operation)) return {"Killing", "Killed"};
  if (std::holds_alternative<RestartContainer>(operation)) return {"Restarting", "Started"};
  if (std::holds_alternative<PauseContainer>(operation)) return {"Pausing", "Paused"};
  if (std::holds_alternative<UnpauseContainer>(operation)) return {"Unpausing", "Unpaused"};
  if (std::holds_alternative<CreateNetwork>(operation) || std::holds_alternative<CreateVolume>(operation))
    return {"Creating", "Created"};
  if (std::holds_alternative<RemoveNetwork>(operation) || std::holds_alternative<RemoveVolume>(operation))
    return {"Removing", "Removed"};
  return {"", ""};
}

std::string progress_name(const Operation& operation) {
  if (const ContainerRef* container = container_of(operation)) return "Container " + container->name;
  if (const auto* op = std::get_if<CreateNetwork>(&operation)) return "Network " + op->name;
  if (const auto* op = std::get_if<RemoveNetwork>(&operation)) return "Network " + op->name;
  if (const auto* op = std::get_if<CreateVolume>(&operation)) return "Volume " + op->name;
  if (const auto* op = std::get_if<RemoveVolume>(&operation)) return "Volume " + op->name;
  return {};
}

// How a failure message begins: "container shop-web-1: "; of a hook, whose it is and what it runs.
std::string prefix_of(const Operation& operation) {
  if (const auto* hook = std::get_if<RunHook>(&operation))
    return text("service \"{}\": {}[{}] \"{}\" in container {}: ", hook->container.service, hook->phase,
                hook->index, base::command_line(hook->hook.argv), hook->container.name);
  std::string object = progress_name(operation);
  if (object.empty()) return object;
  object.front() = static_cast<char>(object.front() - 'A' + 'a');
  return object + ": ";
}

template <class T>
const T* find_by_key(const std::vector<T>& all, const std::string& key) {
  for (const T& each : all)
    if (each.key == key) return &each;
  return nullptr;
}

}  // namespace

void Execution::tell(const Step& step, Phase phase, const std::string& details) {
  const Words words = words_of(step.operation);
  std::string text = phase == Phase::working ? words.working : words.done;
  if (phase == Phase::error) text = "Error";
  if (phase == Phase::warning) text = details;
  if (text.empty()) return;
  effects_.progress.update(progress_name(step.operation), phase, text,
                           phase == Phase::warning ? std::string{} : details);
}

const DesiredService* Execution::service(const std::string& name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : found->second;
}

rt::ContainerId Execution::id_of(const ContainerRef& ref) const {
  return ref.id.empty() ? outcome_.made.at(ref.made_by) : ref.id;
}

Task<void> Execution::run_batch(Steps steps) {
  if (interrupted()) {  // between the launch and this
    for (const Step* step : steps) skip(*step);
    co_return;
  }
  for (const Step* step : steps) tell(*step, Phase::working);
  const Operation& first = steps.front()->operation;
  if (container_of(first) == nullptr) {
    co_await run_resource(*steps.front());
  } else if (std::holds_alternative<CreateContainer>(first)) {
    co_await run_creations(std::move(steps));
  } else if (std::holds_alternative<RestartContainer>(first)) {
    co_await run_restarts(std::move(steps));
  } else {
    std::vector<rt::ContainerId> ids;
    for (const Step* step : steps) ids.push_back(id_of(*container_of(step->operation)));
    Finished finished = [this, &steps](std::size_t index, const Failure& failure) {
      const Step& step = *steps.at(index);
      if (node(step).state != State::running) return;
      tell(step, failure ? Phase::error : Phase::done, failure.value_or(""));
      if (failure)
        failed(step, prefix_of(step.operation), *failure);
      else
        done(step);
    };
    co_await call(steps, ids, finished);
  }
}

// Steps of one kind with the same parameters, as one call.
Task<void> Execution::call(const Steps& steps, const std::vector<rt::ContainerId>& ids, Finished finished) {
  Runtime& runtime = effects_.runtime;
  const Operation& first = steps.front()->operation;
  if (std::holds_alternative<StartContainer>(first)) {
    foresee_starts(steps);
    co_await runtime.start(ids, finished);
  } else if (const auto* stop = std::get_if<StopContainer>(&first)) {
    co_await runtime.stop(ids, stop->grace, finished);
  } else if (const auto* kill = std::get_if<KillContainer>(&first)) {
    co_await runtime.kill(ids, kill->signal, finished);
  } else if (const auto* remove = std::get_if<RemoveContainer>(&first)) {
    co_await runtime.remove(ids, remove->with_anonymous_volumes, finished);
  } else if (std::holds_alternative<PauseContainer>(first)) {
    co_await runtime.pause(ids, finished);
  } else if (std::holds_alternative<UnpauseContainer>(first)) {
    co_await runtime.unpause(ids, finished);
  } else if (const auto* disconnect = std::get_if<DisconnectNetwork>(&first)) {
    co_await runtime.disconnect(ids, disconnect->network, finished);
  } else if (std::holds_alternative<RenameContainer>(first)) {
    co_await call_renames(steps, finished);
  } else if (std::holds_alternative<ConnectNetwork>(first)) {
    co_await call_connections(steps, finished);
  } else if (std::holds_alternative<RunHook>(first)) {
    co_await call_hooks(steps, finished);
  }
}

bool Execution::waits_for_starts_only(const Step& step) const {
  return std::ranges::all_of(step.after, [this](StepId id) {
    const Step& before = plan_.step(id);
    const State state = nodes_[static_cast<std::size_t>(id) - 1].state;
    if (state == State::done) return true;
    if (std::holds_alternative<StartContainer>(before.operation)) return state == State::running;
    return std::holds_alternative<Milestone>(before.operation) && waits_for_starts_only(before);
  });
}

// The starts that have nothing but these, and others that are under way, in front of them.
void Execution::foresee_starts(const Steps& starting) {
  std::set<std::size_t> next;  // in the order of the plan
  std::vector<std::size_t> behind;
  for (const Step* step : starting) std::ranges::copy(node(*step).dependents, std::back_inserter(behind));
  std::set<std::size_t> seen;
  while (!behind.empty()) {
    const std::size_t index = behind.back();
    behind.pop_back();
    const Step& step = plan_.steps()[index];
    if (!seen.insert(index).second || !waits_for_starts_only(step)) continue;
    if (std::holds_alternative<Milestone>(step.operation))
      std::ranges::copy(nodes_[index].dependents, std::back_inserter(behind));
    else if (std::holds_alternative<StartContainer>(step.operation))
      next.insert(index);
  }
  if (next.empty()) return;
  std::vector<rt::ContainerId> ids;
  for (const std::size_t index : next) ids.push_back(id_of(*container_of(plan_.steps()[index].operation)));
  effects_.runtime.foresee(ids);
}

Task<void> Execution::call_hooks(const Steps& steps, Finished finished) {
  if (effects_.hooks == nullptr) throw base::Error("hooks cannot be run by this command");
  std::vector<HookRequest> requests;
  for (const Step* step : steps) {
    const auto& op = std::get<RunHook>(step->operation);
    requests.push_back({id_of(op.container), &op.hook});
  }
  co_await effects_.hooks->run(requests, finished);
}

Task<void> Execution::call_renames(const Steps& steps, Finished finished) {
  std::vector<RenameRequest> requests;
  for (const Step* step : steps) {
    const auto& op = std::get<RenameContainer>(step->operation);
    requests.push_back({id_of(op.container), op.to});
  }
  co_await effects_.runtime.rename(requests, finished);
}

Task<void> Execution::call_connections(const Steps& steps, Finished finished) {
  std::vector<ConnectRequest> requests;
  for (const Step* step : steps) {
    const auto& op = std::get<ConnectNetwork>(step->operation);
    requests.push_back({id_of(op.container), service(op.container.service), op.key});
  }
  co_await effects_.runtime.connect(requests, finished);
}

CreateRequest Execution::request_of(const CreateContainer& operation) const {
  CreateRequest request{.service = service(operation.container.service),
                        .number = operation.container.number,
                        .name = operation.created_as,
                        .replaces = operation.replaces,
                        .renew_anonymous_volumes = operation.renew_anonymous_volumes};
  for (const ContainerRef& peer : operation.peers) request.peers.emplace_back(peer.service, id_of(peer));
  return request;
}

Task<void> Execution::run_creations(Steps steps) {
  std::vector<CreateRequest> requests;
  requests.reserve(steps.size());
  for (const Step* step : steps) requests.push_back(request_of(std::get<CreateContainer>(step->operation)));
  const std::vector<Created> results = co_await effects_.runtime.create(requests);
  for (std::size_t i = 0; i < steps.size() && i < results.size(); ++i) {
    const Step& step = *steps[i];
    const Failure& failure = results[i].failure;
    tell(step, failure ? Phase::error : Phase::done, failure.value_or(""));
    if (failure) {
      failed(step, prefix_of(step.operation), *failure);
    } else {
      outcome_.made.emplace(step.id, results[i].id);
      done(step);
    }
  }
}

Task<void> Execution::run_restarts(Steps steps) {
  std::vector<rt::ContainerId> ids;
  for (const Step* step : steps) ids.push_back(id_of(*container_of(step->operation)));
  Steps stopped;
  std::vector<rt::ContainerId> stopped_ids;
  const auto fails = [this](const Step& step, const std::string& why) {
    tell(step, Phase::error, why);
    failed(step, prefix_of(step.operation), why);
  };
  Finished on_stop = [&](std::size_t index, const Failure& failure) {
    if (failure) return fails(*steps.at(index), *failure);
    stopped.push_back(steps.at(index));
    stopped_ids.push_back(ids.at(index));
  };
  co_await effects_.runtime.stop(ids, std::get<RestartContainer>(steps.front()->operation).grace, on_stop);
  if (interrupted()) {
    for (const Step* step : stopped) {
      outcome_.not_started.push_back(step->id);
      skip(*step);
    }
    co_return;
  }
  if (stopped.empty()) co_return;
  Finished on_start = [&](std::size_t index, const Failure& failure) {
    const Step& step = *stopped.at(index);
    if (failure) return fails(step, *failure);
    tell(step, Phase::done);
    done(step);
  };
  co_await effects_.runtime.start(stopped_ids, on_start);
}

// A network or a volume.
Task<void> Execution::run_resource(const Step& step) {
  Failure failure;
  if (const auto* create_network = std::get_if<CreateNetwork>(&step.operation)) {
    const DesiredNetwork* network = find_by_key(desired_.networks, create_network->key);
    if (!network) base::fail("network \"{}\" is not in the desired state", create_network->key);
    failure = co_await effects_.networks.create(*network);
  } else if (const auto* create_volume = std::get_if<CreateVolume>(&step.operation)) {
    const DesiredVolume* volume = find_by_key(desired_.volumes, create_volume->key);
    if (!volume) base::fail("volume \"{}\" is not in the desired state", create_volume->key);
    failure = co_await effects_.volumes.create(*volume);
  } else if (const auto* remove_network = std::get_if<RemoveNetwork>(&step.operation)) {
    failure = co_await effects_.networks.remove(remove_network->name);
  } else if (const auto* remove_volume = std::get_if<RemoveVolume>(&step.operation)) {
    failure = co_await effects_.volumes.remove(remove_volume->name);
  }
  if (failure && *failure == k_still_in_use) {
    tell(step, Phase::warning, *failure);
    outcome_.warnings.push_back(prefix_of(step.operation) + *failure);
    done(step);
  } else if (failure) {
    tell(step, Phase::error, *failure);
    failed(step, prefix_of(step.operation), *failure);
  } else {
    tell(step, Phase::done);
    done(step);
  }
}

// Of a batch that ended: what was not reported as done has failed, or was not waited for.
void Execution::end_unreported(const Steps& steps, const std::exception_ptr& error) {
  const std::string why = why_unreported(error);
  for (const Step* step : steps) {
    if (node(*step).state != State::running) continue;
    if (interrupted() && !error) {
      outcome_.going_on.push_back(step->id);
      skip(*step);
      continue;
    }
    tell(*step, Phase::error, why);
    failed(*step, prefix_of(step->operation), why);
  }
}

}  // namespace compose::sched
