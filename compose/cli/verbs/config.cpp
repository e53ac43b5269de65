#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/loader/render_config.hpp"
#include "compose/model/project.hpp"
#include "images/registry/pull.hpp"

namespace compose::cli {
namespace {

class ConfigVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--environment", environment_, "Print the environment used for interpolation");
    a.value("--format", format_, "format", "yaml or json (default yaml)");
    a.value("--hash", hash_, "services", "Print the hash of these services: * or a comma list");
    a.flag("--images", images_, "Print the names of the images, one per line");
    a.flag("--models", models_, "Print the names of the models, one per line");
    a.flag("--networks", networks_, "Print the names of the networks, one per line");
    a.flag("--no-consistency", no_consistency_, "Skip the checks across services");
    a.flag("--no-env-resolution", no_environment_, "Leave env_file as it is");
    a.flag("--no-interpolate", no_interpolate_, "Leave variables as they are");
    a.flag("--no-normalize", no_normalize_, "Do not add defaults");
    a.flag("--no-path-resolution", no_paths_, "Leave relative paths as they are");
    a.value("-o,--output", output_, "file", "Write to a file (default: standard output)");
    a.flag("--profiles", profiles_, "Print the names of the profiles, one per line");
    a.flag("-q,--quiet", quiet_, "Print nothing; the exit code tells whether the file is right");
    a.flag("--resolve-image-digests", resolve_digests_,
           "Pin images to the digests their registries have now");
    a.flag("--services", services_only_, "Print the names of the services, one per line");
    a.flag("--variables", variables_, "Print the variables of the file and their defaults");
    a.flag("--volumes", volumes_, "Print the names of the volumes, one per line");
    a.words(services_, "SERVICE...", "Only these services, with what they depend on");
    a.examples("  compose config\n  compose config -q && echo right\n  compose config --services\n");
  }

  int run(Context& context) override {
    if (!format_.empty() && format_ != "yaml" && format_ != "json")
      throw UsageError(base::text("unsupported format \"{}\": must be yaml or json", format_));
    const auto text = render(context);
    if (quiet_) return 0;
    if (output_)
      base::write_file_atomically(
          base::HostPath{base::absolute_path(*output_, base::sys::current_directory())}, text);
    else
      context.out().write(text);
    return 0;
  }

 private:
  loader::ConfigFormat format() const {
    return format_ == "json" ? loader::ConfigFormat::json : loader::ConfigFormat::yaml;
  }

  std::string render(Context& context) const {
    auto options = context.load_options();
    options.services = services_;
    options.interpolate = !no_interpolate_;
    options.normalize = !no_normalize_;
    options.resolve_paths = !no_paths_;
    options.resolve_environment = !no_environment_;
    options.check_consistency = !no_consistency_;
    options.all_services = profiles_;
    if (variables_) {
      if (!services_.empty()) context.warn("service filtering is not applied when --variables is set");
      return loader::list_variables(options, format());
    }
    if (no_interpolate_) {
      if (!services_.empty()) context.warn("service filtering is not applied when --no-interpolate is set");
      return loader::render_uninterpolated(options, format());
    }
    auto project = context.load(options).project;
    if (resolve_digests_) pin_images(project);
    if (services_only_) return loader::list_services(project);
    if (volumes_) return loader::list_volumes(project);
    if (networks_) return loader::list_networks(project);
    if (images_) return loader::list_images(project);
    if (profiles_) return loader::list_profiles(project);
    if (models_) return loader::list_models(project);
    if (environment_) return loader::list_environment(project);
    if (hash_) return loader::list_hashes(project, *hash_);
    return loader::render_config(project, {.format = format()});
  }

  // One name is asked for once, however many services use it.
  static void pin_images(model::Project& project) {
    const auto settings = images::load_registry_settings();
    std::map<std::string, std::string> pinned;
    for (auto& [name, service] : project.services) {
      if (service.image.empty() || service.image.find('@') != std::string::npos) continue;
      auto& known = pinned[service.image];
      if (known.empty()) known = service.image + "@" + images::registry_digest(settings, service.image);
      service.image = known;
    }
  }

  bool environment_ = false, images_ = false, models_ = false, networks_ = false, profiles_ = false,
       services_only_ = false, variables_ = false, volumes_ = false, quiet_ = false;
  bool no_consistency_ = false, no_environment_ = false, no_interpolate_ = false, no_normalize_ = false,
       no_paths_ = false, resolve_digests_ = false;
  std::string format_;
  std::optional<std::string> hash_;
  std::optional<std::string> output_;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_config() {
  return std::make_unique<ConfigVerb>();
}

}  // namespace compose::cli
