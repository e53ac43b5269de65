#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/project_images.hpp"
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
    a.value("--ssh", ssh_, "id=socket",
            "SSH agent for RUN --mount=type=ssh: default, or id=socket, comma separated");
    a.flag("--compress,--force-rm,--no-rm,--parallel", ignored_, "!");
    a.value("--builder", ignored_word_, "name", "!");
    a.value("-m,--memory", ignored_word_, "bytes", "!");
    a.value("--provenance", ignored_word_, "mode", "!");
    a.value("--sbom", ignored_word_, "mode", "!");
    a.words(services_, "SERVICE...", "Services (default: all that have a build section)");
    a.examples(
        "  compose build\n  compose build --no-cache silo\n  compose build --build-arg VERSION=2 web\n");
  }

  int run(Context& context) override {
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
    std::vector<std::string> names;
    for (const auto& [name, service] : project.services)
      if (service.build) names.push_back(name);
    build_services(context, project, names, options);
    if (names.empty()) context.warn("No services to build");
    if (push_) push(context, project);
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
  std::string ignored_word_;
  bool with_dependencies_ = false;
  bool ignored_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_build() {
  return std::make_unique<BuildVerb>();
}

}  // namespace compose::cli
