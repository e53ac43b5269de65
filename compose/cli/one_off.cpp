#include "compose/cli/one_off.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/session.hpp"
#include "compose/cli/terminal_relay.hpp"
#include "compose/ui/progress.hpp"
#include "runtime-shim/client/shim_client.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

const sched::DesiredService& service_of(const Wanted& wanted, const std::string& name) {
  const auto found = std::ranges::find(wanted.state.services, name, &sched::DesiredService::name);
  if (found == wanted.state.services.end()) base::fail("no such service: {}", name);
  return *found;
}

sched::Until until_of(sched::Condition condition) {
  switch (condition) {
    case sched::Condition::healthy:
      return sched::Until::healthy;
    case sched::Condition::completed_successfully:
      return sched::Until::completed_successfully;
    case sched::Condition::started:
      break;
  }
  return sched::Until::started;
}

// Brings up what the service depends on, and waits for it as the file says.
void bring_up_dependencies(Context& context, const Wanted& wanted, UpOptions up,
                           const sched::DesiredService& service) {
  up.services.clear();
  for (const auto& dependency : service.dependencies) up.services.push_back(dependency.service);
  if (up.services.empty()) return;
  up.wait = false;
  execute_plan(context, prepare(context, wanted, up).plan, wanted.state);
  sched::Plan waits;
  for (const auto& dependency : service.dependencies) {
    if (dependency.condition == sched::Condition::started) continue;
    sched::AwaitCondition wait{dependency.service, until_of(dependency.condition), dependency.required, {}};
    for (const auto& c : list_containers(context, wanted.state.project))
      if (c.record.service == dependency.service && !c.record.one_off)
        wait.containers.push_back(
            {c.record.name, c.record.service, c.record.number, c.record.id, sched::StepId::none});
    waits.add(std::move(wait), {}, "required by " + service.name);
  }
  if (!waits.empty()) execute_plan(context, waits, wanted.state);
}

// Networks and volumes of the service itself; making one that exists changes nothing.
void provide_surroundings(Context& context, const Wanted& wanted, const sched::DesiredService& service) {
  sched::Plan plan;
  for (const auto& network : wanted.state.networks) {
    const bool used =
        std::ranges::any_of(service.attachments, [&](const auto& a) { return a.network == network.key; });
    if (used && !network.external)
      plan.add(sched::CreateNetwork{network.key, network.spec.name}, {}, "missing");
  }
  for (const auto& volume : wanted.state.volumes) {
    const bool used =
        std::ranges::any_of(service.volumes, [&](const auto& v) { return v.volume == volume.key; });
    if (used && !volume.external) plan.add(sched::CreateVolume{volume.key, volume.name}, {}, "missing");
  }
  if (plan.empty()) return;
  // Said only where something is new: a person who runs a command wants its output.
  const auto observed = prepare(context, wanted, {.services = {service.name}, .no_deps = true});
  const auto is_new = std::ranges::any_of(observed.plan.steps(), [](const sched::Step& step) {
    return std::holds_alternative<sched::CreateNetwork>(step.operation) ||
           std::holds_alternative<sched::CreateVolume>(step.operation);
  });
  if (is_new) execute_plan(context, plan, wanted.state);
}

class OneOff {
 public:
  OneOff(Context& context, const Wanted& wanted, const OneOffOptions& options)
      : context_(context), options_(options), session_(context, wanted.state), wanted_(wanted) {}

  int run() {
    const auto& service = service_of(wanted_, options_.service);
    id_ = session_.runtime().create_one_off(
        {.service = &service, .name = name(), .use_aliases = options_.use_aliases, .peers = peers(service)});
    context_.progress().finish();
    session_.hear_hangup();
    session_.on_signal([this](int signal, int) { pass_on(signal); });
    int code = 0;
    session_.run(life(code));
    return code;
  }

 private:
  std::string name() const {
    if (!options_.name.empty()) return options_.name;
    const char sep = wanted_.state.name_separator;
    return base::text("{}{}{}{}run{}{}", wanted_.state.project, sep, options_.service, sep, sep,
                      base::random_hex(6));
  }

  std::vector<std::pair<std::string, rt::ContainerId>> peers(const sched::DesiredService& service) {
    std::vector<std::pair<std::string, rt::ContainerId>> peers;
    for (const auto& dependency : service.dependencies)
      for (const auto& c : list_containers(context_, wanted_.state.project))
        if (c.record.service == dependency.service && is_running(c.status) && !c.record.one_off) {
          peers.emplace_back(dependency.service, c.record.id);
          break;
        }
    return peers;
  }

  // What comes before it has started waits for that.
  void pass_on(int signal) {
    if (started_) return asio::co_spawn(session_.io(), send(signal), asio::detached);
    waiting_signal_ = signal;
  }

  // With --rm nobody comes back for the container when this command is told to end: it gets the time that
  // `stop` would give it.
  sched::Task<void> send(int signal) {
    rt::ShimClient shim = client();
    try {
      if (options_.remove && signal != SIGINT)
        co_await shim.stop(std::nullopt, signal);
      else
        co_await shim.kill(signal);
    } catch (const base::Error&) {
      // It has ended.
    }
  }

  rt::ShimClient client() { return {session_.io().get_executor(), context_.paths().runtime(), id_}; }

  sched::Task<bool> start() {
    if (!options_.detach)
      session_.runtime().tee_at_start(id_, base::sys::duplicate(STDOUT_FILENO),
                                      base::sys::duplicate(STDERR_FILENO));
    sched::Failure failure;
    co_await session_.runtime().start({&id_, 1}, [&](std::size_t, const sched::Failure& f) { failure = f; });
    if (failure) tell_error(failure->c_str());
    // Not earlier, so that no other command takes the container for one that was left behind.
    if (!failure) context_.unlock_project();
    started_ = !failure;
    if (started_ && waiting_signal_ != 0) pass_on(waiting_signal_);
    co_return started_;
  }

  sched::Task<void> life(int& code) {
    if (!co_await start()) {
      code = session_.runtime().start_exit_code();
    } else if (options_.detach) {
      context_.out().line(id_.str());
      co_return;
    } else {
      code = co_await attached();
    }
    if (options_.remove)
      co_await session_.runtime().remove({&id_, 1}, true, [](std::size_t, const sched::Failure& failure) {
        if (failure) tell_error(failure->c_str());
      });
  }

  sched::Task<int> attached() {
    const auto null = base::sys::open(base::HostPath{"/dev/null"}, O_RDWR);
    std::optional<TerminalRelay> relay;
    std::optional<InputRelay> input;
    try {
      base::UniqueFd descriptor;
      if (options_.interactive || options_.terminal)
        descriptor = co_await client().attach(null.get(), null.get(), true);
      if (descriptor && options_.terminal)
        relay.emplace(session_.io().get_executor(), std::move(descriptor));
      else if (descriptor)
        input.emplace(session_.io().get_executor(), std::move(descriptor));
    } catch (const base::Error&) {
      // It ended before anything could be typed.
    }
    const int code = co_await exit_code();
    if (relay) relay->drain();
    co_return code;
  }

  sched::Task<int> exit_code() {
    try {
      co_return co_await client().wait();
    } catch (const base::Error&) {
      // The shim has gone already and left the status behind.
    }
    const auto status = session_.runtime().status(id_);
    co_return status ? status->exit_code : 1;
  }

  Context& context_;
  const OneOffOptions& options_;
  Session session_;
  const Wanted& wanted_;
  rt::ContainerId id_;
  bool started_ = false;
  int waiting_signal_ = 0;
};

}  // namespace

int run_one_off(Context& context, const Wanted& wanted, const UpOptions& up, const OneOffOptions& options) {
  const auto& service = service_of(wanted, options.service);
  context.lock_project(wanted.state.project);
  if (!options.no_deps) bring_up_dependencies(context, wanted, up, service);
  provide_surroundings(context, wanted, service);
  if (context.options().dry_run) {
    context.say_of_dry_run("run a container of service " + service.name);
    return 0;
  }
  return OneOff{context, wanted, options}.run();
}

}  // namespace compose::cli
