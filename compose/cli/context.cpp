#include "compose/cli/context.hpp"

namespace compose::cli {

struct Context::State {
  GlobalOptions options;
  std::string verb;
  ui::Output& out;
};

Context::Context(const GlobalOptions& options, std::string verb, ui::Output& out)
    : state_(std::make_unique<State>(State{options, std::move(verb), out})) {}
Context::~Context() = default;

const GlobalOptions& Context::options() const noexcept { return state_->options; }
ui::Output& Context::out() noexcept { return state_->out; }
void Context::finish() {}

}  // namespace compose::cli
