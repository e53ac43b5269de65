#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/output.hpp"

namespace compose::cli {
namespace {

class VersionVerb final : public Verb {
 public:
  void declare(Arguments& arguments) override {
    arguments.value("-f,--format", format_, "string",
                    "pretty, json, or a template such as '{{.Version}}' (default pretty)");
    arguments.flag("--short", short_, "Show the version number only");
    arguments.examples("  compose version\n  compose version --short\n");
    arguments.words(none_, "", "", 0, 0);
  }

  int run(Context& context) override {
    if (format_ != "pretty" && format_ != "json" && !format_.empty() && !is_template(format_))
      throw UsageError(
          base::text("format value \"{}\" could not be parsed: must be pretty, json or a template", format_));
    if (short_)
      context.out().line(COMPOSE_VERSION);
    else if (format_ == "json")
      context.out().line(base::text("{\"version\":\"v{}\"}", COMPOSE_VERSION));
    else if (is_template(format_))
      ui::write_formatted(context.out(), format_,
                          {{.fields = {{"Version", base::text("v{}", COMPOSE_VERSION)}}}});
    else
      context.out().line(base::text("Compose version v{}", COMPOSE_VERSION));
    return 0;
  }

 private:
  std::string format_ = "pretty";
  bool short_ = false;
  std::vector<std::string> none_;
};

}  // namespace

std::unique_ptr<Verb> make_version() {
  return std::make_unique<VersionVerb>();
}

}  // namespace compose::cli
