#include "compose/adapters/hook_adapter.hpp"

#include "base/error.hpp"
#include "compose/adapters/parallel.hpp"
#include "runtime-shim/client/shim_client.hpp"

namespace compose::adapters {

using sched::Failure;
using sched::Task;

Task<Failure> HookAdapter::run_one(const sched::HookRequest& request) {
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
    const int code = co_await session.exit_code();
    if (code != 0) co_return base::text("hook exited with status {}", code);
    co_return std::nullopt;
  } catch (const base::Error& e) {
    co_return base::text("hook: {}", e.what());
  }
}

Task<void> HookAdapter::run(std::span<const sched::HookRequest> requests, sched::Finished finished) {
  co_await for_all(requests.size(), [&](std::size_t i) -> Task<void> {
    const Failure failure = co_await run_one(requests[i]);
    finished(i, failure);
  });
}

}  // namespace compose::adapters
