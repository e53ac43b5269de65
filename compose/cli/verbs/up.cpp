#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/cli/attached_up.hpp"
#include "compose/cli/bring_up.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

class UpVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    const auto menu = base::sys::environment("COMPOSE_MENU").value_or("");
    attach_.menu = menu != "false" && menu != "0";
    a.flag("--abort-on-container-exit", attach_.abort_on_exit, "Stop all containers when one ends");
    a.flag("--abort-on-container-failure", attach_.abort_on_failure, "Stop all containers when one fails");
    a.flag("--always-recreate-deps", up_.always_recreate_deps, "Make what the services depend on anew, too");
    a.values("--attach", attach_to_, "service", "Print the logs of these services only; repeatable");
    a.flag("--attach-dependencies", attach_dependencies_,
           "Print the logs of what the services depend on, too");
    a.flag("-d,--detach", detach_, "Return when everything runs; containers go on in the background");
    a.value("--exit-code-from", attach_.exit_code_from, "service",
            "Exit with its code; implies --abort-on-container-exit");
    up_.declare_create(a);
    a.values("--no-attach", no_attach_, "service", "Do not print the logs of these services; repeatable");
    a.flag("--no-color", no_color_, "No colours in front of the lines");
    a.flag("--no-deps", up_.no_deps, "Leave what the services depend on alone");
    a.flag("--no-log-prefix", no_prefix_, "No names in front of the lines");
    a.flag("--no-start", no_start_, "Create the containers and do not start them");
    a.flag("--quiet-build", up_.images.quiet_build, "Print nothing of builds");
    a.flag("-V,--renew-anon-volumes", up_.renew_volumes,
           "New anonymous volumes instead of those of the old containers");
    a.value("-t,--timeout", up_.timeout, "seconds", "Wait so long after the stop signal before killing");
    a.flag("--timestamps", attach_.timestamps, "Times in front of the lines");
    a.flag("--wait", up_.wait, "Wait until the services are running or healthy; implies --detach");
    a.value("--wait-timeout", up_.wait_timeout, "seconds", "Wait no longer than this");
    a.flag("--menu", attach_.menu, "!");  // COMPOSE_MENU; also --menu=false
    a.examples(
        "  compose up -d\n  compose up --build silo\n  compose up -d --wait --wait-timeout 30\n"
        "  compose up -d --scale silo=15\n  compose up --exit-code-from tests\n");
  }

  int run(Context& context) override {
    check();
    up_.start = !no_start_;
    const auto wanted = want(context, up_);
    check_attach(wanted);
    const auto prepared = prepare(context, wanted, up_);
    if (detach_ || no_start_ || up_.wait || context.options().dry_run) {
      execute_plan(context, prepared.plan, wanted.state, {.timeout = up_.wait_limit(), .unlocked = up_.wait});
      return 0;
    }
    return run_attached(context, wanted, prepared, up_, attach_);
  }

 private:
  void check() {
    const bool aborting =
        attach_.abort_on_exit || attach_.abort_on_failure || !attach_.exit_code_from.empty();
    if (detach_ && aborting)
      throw UsageError(
          "--abort-on-container-exit, --abort-on-container-failure and --exit-code-from cannot be combined "
          "with --detach");
    if (attach_.abort_on_exit && attach_.abort_on_failure)
      throw UsageError("--abort-on-container-failure cannot be combined with --abort-on-container-exit");
    if ((detach_ || up_.wait) && (!attach_to_.empty() || attach_dependencies_))
      throw UsageError("--attach and --attach-dependencies cannot be combined with --detach or --wait");
    if (up_.wait_timeout && !up_.wait) throw UsageError("--wait-timeout needs --wait");
    if (!attach_.exit_code_from.empty()) attach_.abort_on_exit = true;
    attach_.prefix = !no_prefix_;
    attach_.colour = !no_color_;
  }

  // Whose lines are printed: the named services, else all that do not say `attach: false`.
  void check_attach(const Wanted& wanted) {
    for (const auto& name : attach_to_)
      if (!wanted.project.services.contains(name))
        base::fail("cannot attach to services not included in up: {}", name);
    if (!attach_.exit_code_from.empty() && !wanted.project.services.contains(attach_.exit_code_from))
      base::fail("no such service: {}", attach_.exit_code_from);
    if (!attach_to_.empty()) {
      attach_.services = {attach_to_.begin(), attach_to_.end()};
    } else if (!up_.services.empty() && !attach_dependencies_) {
      attach_.services = {up_.services.begin(), up_.services.end()};
    } else {
      for (const auto& [name, service] : wanted.project.services)
        if (service.attach.value_or(true)) attach_.services.insert(name);
    }
    for (const auto& name : no_attach_) attach_.services.erase(name);
  }

  UpOptions up_;
  AttachOptions attach_;
  std::vector<std::string> attach_to_;
  std::vector<std::string> no_attach_;
  bool attach_dependencies_ = false;
  bool detach_ = false;
  bool no_color_ = false;
  bool no_prefix_ = false;
  bool no_start_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_up() {
  return std::make_unique<UpVerb>();
}

}  // namespace compose::cli
