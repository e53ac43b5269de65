#include "compose/cli/bring_up.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

class CreateVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    options_.declare_create(a);
    a.examples("  compose create\n  compose create --scale silo=3\n");
  }
  int run(Context& context) override {
    options_.start = false;
    const auto wanted = want(context, options_);
    execute_plan(context, prepare(context, wanted, options_).plan, wanted.state);
    return 0;
  }

 private:
  UpOptions options_;
};

class ScaleVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--no-deps", options_.no_deps, "Leave what the services depend on alone");
    a.value("-t,--timeout", options_.timeout, "seconds", "Wait so long after the stop signal before killing");
    a.words(options_.scale, "SERVICE=N...", "Services and how many containers each is to have", 1);
    a.examples("  compose scale silo=15\n  compose scale silo=3 web=2\n");
  }
  int run(Context& context) override {
    for (const auto& [service, count] : parse_scale(options_.scale)) options_.services.push_back(service);
    const auto wanted = want(context, options_);
    execute_plan(context, prepare(context, wanted, options_).plan, wanted.state);
    return 0;
  }

 private:
  UpOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_create() {
  return std::make_unique<CreateVerb>();
}
std::unique_ptr<Verb> make_scale() {
  return std::make_unique<ScaleVerb>();
}

}  // namespace compose::cli
