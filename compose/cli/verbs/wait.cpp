#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.hpp"
#include "compose/adapters/parallel.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "scheduler/lifecycle.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

class WaitVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--down-project", down_, "Take the project down when the first container ends");
    a.words(services_, "SERVICE...", "Services to wait for", 1);
    a.examples("  compose wait migrate && echo migrated\n");
  }

  int run(Context& context) override {
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, services_);
    asio::io_context io{1};
    int last = 0;
    bool any = false;
    for (const auto& c : containers) {
      if (c.record.one_off || std::ranges::count(services_, c.record.service) == 0) continue;
      any = true;
      asio::co_spawn(io, wait_for(io, context, c, last), [&](std::exception_ptr) {
        if (down_) io.stop();
      });
    }
    if (!any) base::fail("no containers for project \"{}\"", context.project_name());
    io.run();
    if (down_) take_down(context);
    return last;
  }

 private:
  static asio::awaitable<void> wait_for(asio::io_context& io, Context& context, Listed container, int& last) {
    int code = container.status.exit_code;
    if (is_running(container.status))
      code =
          co_await rt::ShimClient{io.get_executor(), context.paths().runtime(), container.record.id}.wait();
    last = code;
    context.out().line(base::text("{}", code));
  }

  static void take_down(Context& context) {
    auto project = existing_project(context, {});
    execute_plan(context, sched::plan_down(project.observed, project.graph, {}), project.nothing);
  }

  bool down_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_wait() {
  return std::make_unique<WaitVerb>();
}

}  // namespace compose::cli
