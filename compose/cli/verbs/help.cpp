#include "compose/cli/context.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/output.hpp"

namespace compose::cli {
namespace {

class HelpVerb final : public Verb {
 public:
  void declare(Arguments& arguments) override {
    arguments.words(verb_, "COMMAND", "The command to explain", 1, 1);
    arguments.examples("  compose help up\n");
  }

  int run(Context& context) override {
    const auto* entry = find_verb(verb_.front());
    if (entry == nullptr) throw UsageError(base::text("unknown command: \"compose {}\"", verb_.front()));
    Arguments arguments{base::text("{} {}", entry->name, entry->usage), std::string{entry->summary}};
    const auto verb = entry->make();
    verb->declare(arguments);
    context.out().write(arguments.help());
    return 0;
  }

 private:
  std::vector<std::string> verb_;
};

}  // namespace

std::unique_ptr<Verb> make_help() {
  return std::make_unique<HelpVerb>();
}

}  // namespace compose::cli
