#include "base/error.hpp"
#include "compose/cli/context.hpp"
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
    a.flag("--pull", ignored_, "!");
    a.flag("--compress,--force-rm,--no-rm,--parallel", ignored_, "!");
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
    BuildOptions options{.no_cache = no_cache_, .quiet = quiet_};
    for (const auto& word : arguments_) {
      const auto equals = word.find('=');
      if (equals == std::string::npos)
        options.arguments[word] = std::nullopt;
      else
        options.arguments[word.substr(0, equals)] = word.substr(equals + 1);
    }
    bool any = false;
    for (const auto& [name, service] : project.services) {
      if (!service.build) continue;
      build_service(context, project, service, options);
      any = true;
    }
    if (!any) context.warn("No services to build");
    return 0;
  }

 private:
  std::vector<std::string> arguments_;
  bool no_cache_ = false;
  bool quiet_ = false;
  bool with_dependencies_ = false;
  bool ignored_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_build() {
  return std::make_unique<BuildVerb>();
}

}  // namespace compose::cli
