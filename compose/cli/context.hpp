#pragma once
// What a verb runs in: the global options, the output, and everything else made on demand, so that a verb pays only for
// what it uses. Lives for one command.
#include <exception>
#include <memory>
#include <string>

#include "compose/cli/options.hpp"
#include "compose/ui/output.hpp"

namespace compose::cli {

// The user pressed Ctrl-C (or a SIGTERM came) and what was going on has been ended in order.
class Interrupted final : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

class Context {
 public:
  Context(const GlobalOptions& options, std::string verb, ui::Output& out);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] const GlobalOptions& options() const noexcept;
  [[nodiscard]] ui::Output& out() noexcept;
  void finish();  // after the verb: prints what --timings asked for

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace compose::cli
