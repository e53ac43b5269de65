#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/process_line.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/table.hpp"
#include "runtime-shim/client/stats.hpp"

namespace compose::cli {
namespace {

class TopVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples("  compose top\n  compose top silo\n");
  }

  int run(Context& context) override {
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, services_);
    ui::Table table{{"SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}, 0};
    bool any = false;
    for (const auto& c : containers) {
      if (!is_running(c.status)) continue;
      if (!services_.empty() && std::ranges::count(services_, c.record.service) == 0) continue;
      for (const int pid : rt::read_processes(context.paths().runtime(), c.record.id)) {
        const auto line = read_process(pid, context.clock().wall());
        if (!line) continue;
        any = true;
        table.row({c.record.service, base::text("{}", c.record.number), line->user, line->pid, line->parent,
                   line->cpu, line->started, line->terminal, line->time, line->command});
      }
    }
    if (any) context.out().write(table.text());
    return 0;
  }

 private:
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_top() {
  return std::make_unique<TopVerb>();
}

}  // namespace compose::cli
