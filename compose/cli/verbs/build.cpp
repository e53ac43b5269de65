#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/cli/bake_file.hpp"
#include "compose/cli/build_check.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/project_builds.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/loader/load_project.hpp"

namespace compose::cli {
namespace {

class BuildVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.values("--build-arg", arguments_, "KEY[=VALUE]",
             "Build argument; without a value it is taken from here; repeatable");
    a.flag("--no-cache", no_cache_, "Run every step anew");
    a.flag("-q,--quiet", quiet_, "Print nothing of the build");
    a.flag("--with-dependencies", with_dependencies_, "Also build what the services depend on");
    a.flag("--pull", pull_, "Ask for newer base images");
    a.flag("--push", push_, "Push the images when they are built");
    a.value("--ssh", ssh_, "id=path",
            "SSH agent or key for RUN --mount=type=ssh: default, or id=path, comma separated");
    a.value("-m,--memory", memory_, "bytes", "Most memory that a RUN step may use");
    a.flag("--check", check_, "Read the Dockerfiles, tell what is doubtful in them, build nothing");
    a.flag("--print", print_, "Print the builds as a bake file, build nothing");
    a.flag("--compress,--force-rm,--no-rm,--parallel", ignored_, "!");
    a.value("--progress", progress_, "string", "!");  // as the option of all verbs
    a.value("--builder", builder_, "name", "!");
    a.value("--provenance", provenance_, "mode", "!");
    a.value("--sbom", sbom_, "mode", "!");
    a.words(services_, "SERVICE...", "Services (default: all that have a build section)");
    a.examples(
        "  compose build\n  compose build --no-cache silo\n  compose build --build-arg VERSION=2 web\n");
  }

  int run(Context& context) override {
    if (progress_) context.show_progress_as(parse_progress_mode(*progress_));
    static_cast<void>(context.state());
    auto load = context.load_options();
    load.services = services_;
    load.with_dependencies = with_dependencies_;
    const auto project = context.load(load).project;
    BuildOptions options{.ssh = agents(), .no_cache = no_cache_, .pull = pull_, .quiet = quiet_};
    for (const auto& word : arguments_) {
      const auto equals = word.find('=');
      if (equals == std::string::npos)
        options.arguments[word] = std::nullopt;
      else
        options.arguments[word.substr(0, equals)] = word.substr(equals + 1);
    }
    options.memory = memory_limit();
    std::vector<std::string> names;
    for (const auto& [name, service] : project.services)
      if (service.build) names.push_back(name);
    if (print_) {
      context.out().write(bake_file(project, names, options, push_));
      return 0;
    }
    warn_of_ignored_options(context);
    if (check_) return check_builds(context, project, names, options);
    build_services(context, project, names, options);
    if (names.empty()) context.warn("No services to build");
    if (push_ && !context.options().dry_run) push(context, project);
    return 0;
  }

 private:
  std::map<std::string, std::string> agents() const {
    std::map<std::string, std::string> agents;
    std::string_view rest = ssh_;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto word = rest.substr(0, comma);
      const auto equals = word.find('=');
      agents[std::string{word.substr(0, equals)}] =
          equals == std::string_view::npos ? "" : word.substr(equals + 1);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return agents;
  }

  std::uint64_t memory_limit() const {
    if (memory_.empty()) return 0;
    const auto bytes = base::parse_bytes(memory_);
    if (!bytes || *bytes < 0) base::fail("--memory: '{}' is not a size", memory_);
    return static_cast<std::uint64_t>(*bytes);
  }

  void warn_of_ignored_options(Context& context) const {
    std::vector<std::string> ignored;
    if (!builder_.empty()) ignored.emplace_back("--builder");
    if (!provenance_.empty() && provenance_ != "false") ignored.emplace_back("--provenance");
    if (!sbom_.empty() && sbom_ != "false") ignored.emplace_back("--sbom");
    if (!ignored.empty())
      context.warn(base::text("ignored: {}: builds run here and attest nothing", base::join(ignored, ", ")));
  }

  // What has no name of its own has no place to go.
  void push(Context& context, const model::Project& project) const {
    std::vector<std::string> references;
    std::vector<std::string> errors;
    for (const auto& [name, service] : project.services) {
      if (!service.build || service.image.empty()) continue;
      references.push_back(service.image);
      references.insert(references.end(), service.build->tags.begin(), service.build->tags.end());
    }
    for (const auto& outcome : push_with_progress(context, references, quiet_))
      if (!outcome.error.empty()) errors.push_back(outcome.error);
    if (!errors.empty()) base::fail("{}", base::join(errors, "\n"));
  }

  std::vector<std::string> arguments_;
  bool no_cache_ = false;
  bool quiet_ = false;
  bool pull_ = false;
  bool push_ = false;
  std::string ssh_;
  std::string memory_;
  std::string builder_;
  std::string provenance_;
  std::string sbom_;
  bool check_ = false;
  bool print_ = false;
  bool with_dependencies_ = false;
  bool ignored_ = false;
  std::optional<std::string> progress_;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_build() {
  return std::make_unique<BuildVerb>();
}

}  // namespace compose::cli
