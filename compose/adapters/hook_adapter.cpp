#include "compose/adapters/hook_adapter.hpp"

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "compose/adapters/parallel.hpp"

namespace compose::adapters {

using sched::Failure;
using sched::Task;

Task<Failure> HookAdapter::run_one(const sched::HookRequest& request, std::uint64_t wakes) {
  const sched::HookSpec& hook = *request.hook;
  try {
    rt::ShimClient client{executor_, paths_.runtime(), request.id};
    rt::ExecSpec spec{.argv = hook.argv,
                      .environment = hook.environment,
                      .directory = hook.directory,
                      .user = hook.user,
                      .privileged = hook.privileged};
    const rt::StdioFds stdio{.output = output_, .error = output_};
    auto session = co_await client.exec(std::move(spec), stdio);
    awaited_.insert(&session);
    const base::ScopeExit forget{[&] { awaited_.erase(&session); }};
    if (wakes_ != wakes) session.give_up();
    const int code = co_await session.exit_code();
    if (code != 0) co_return base::text("exited with status {}", code);
    co_return std::nullopt;
  } catch (const rt::GivenUp&) {
    throw;
  } catch (const base::Error& e) {
    co_return std::string{e.what()};
  }
}

Task<void> HookAdapter::run(std::span<const sched::HookRequest> requests, sched::Finished finished) {
  const auto wakes = wakes_;
  co_await for_all(requests.size(), [&](std::size_t i) -> Task<void> {
    Failure failure;
    try {
      failure = co_await run_one(requests[i], wakes);
    } catch (const rt::GivenUp&) {
      co_return;
    }
    finished(i, failure);
  });
}

void HookAdapter::wake_waits() {
  ++wakes_;
  for (auto* session : awaited_) session->give_up();
}

}  // namespace compose::adapters
