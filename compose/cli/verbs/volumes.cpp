#include <algorithm>
#include <set>

#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

class VolumesVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--format", format_, "format", "table, json, or a template such as '{{.Name}}' (default table)");
    a.flag("-q,--quiet", quiet_, "Show names only");
    a.words(services_, "SERVICE...", "Only volumes that containers of these services have");
    a.examples("  compose volumes\n  compose volumes -q db\n  compose volumes --format '{{.Mountpoint}}'\n");
  }

  int run(Context& context) override {
    check_format(format_);
    const auto project = context.project_name();
    const auto used = used_by_services(context, project);
    std::vector<ui::TemplateObject> objects;
    for (const auto& volume : context.state().volumes(project)) {
      const bool anonymous = volume.key.empty();  // its container's, not the project's
      if (anonymous || (!services_.empty() && !used.contains(volume.name))) continue;
      objects.push_back(object_of(context, volume));
    }
    std::ranges::sort(objects, {},
                      [](const auto& o) { return o.fields.at("Name").template get<std::string>(); });
    if (quiet_)
      for (const auto& object : objects) context.out().line(object.fields.at("Name").get<std::string>());
    else
      print_lines(context.out(), format_, "table {{.Driver}}\t{{.Name}}", objects, {{"Name", "VOLUME NAME"}});
    return 0;
  }

 private:
  std::set<std::string> used_by_services(Context& context, const std::string& project) const {
    std::set<std::string> names;
    if (services_.empty()) return names;
    const auto containers = list_containers(context, project);
    check_services(context, containers, services_);
    for (const auto& c : containers)
      if (std::ranges::count(services_, c.record.service) > 0)
        for (const auto& volume : c.record.summary.volumes) names.insert(volume.volume);
    return names;
  }

  static ui::TemplateObject object_of(Context& context, const adapters::VolumeRecord& volume) {
    return {.fields = {{"Availability", "N/A"},
                       {"Driver", volume.driver},
                       {"Group", "N/A"},
                       {"Labels", labels_text(volume.labels)},
                       {"Links", "N/A"},
                       {"Mountpoint", context.paths().volume_data(volume.name).str()},
                       {"Name", volume.name},
                       {"Scope", "local"},
                       {"Size", "N/A"},
                       {"Status", "N/A"}},
            .labels = volume.labels};
  }

  std::string format_ = "table";
  bool quiet_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_volumes() {
  return std::make_unique<VolumesVerb>();
}

}  // namespace compose::cli
