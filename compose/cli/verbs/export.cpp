#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/output_file.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "images/transfer.hpp"
#include "runtime-shim/client/live_rootfs.hpp"

namespace compose::cli {
namespace {

class ExportVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--index", index_, "int", "Which replica (default: the first that runs)");
    a.value("-o,--output", output_, "file", "Write to a file (default: standard output)");
    a.words(service_, "SERVICE", "A service", 1, 1);
    a.examples("  compose export -o silo.tar silo\n  compose export --index 2 silo | tar t\n");
  }

  int run(Context& context) override {
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, service_);
    const auto& chosen = choose_container(containers, service_.front(), index_);
    if (context.options().dry_run) return 0;
    std::vector<std::string> unsteady;
    base::with_context(base::text("export '{}'", chosen.record.name), [&] {
      write_output(output_, [&](int fd) { unsteady = write_files(context, chosen, fd); });
    });
    for (const auto& file : unsteady)
      context.warn(base::text("'{}' shrank while it was read: its end is zeros", file));
    return 0;
  }

 private:
  static std::vector<std::string> write_files(Context& context, const Listed& chosen, int fd) {
    if (is_running(chosen.status) && chosen.status.init_pid != 0) {
      const auto root = rt::open_live_rootfs(context.paths().runtime(), chosen.record.id);
      return images::export_live_rootfs(root.get(), fd);
    }
    const auto rootfs = context.state().spec(chosen.record.id).rootfs;
    std::vector<base::HostPath> layers{rootfs.upper};
    if (!base::sys::exists(rootfs.upper)) layers.clear();  // never started
    layers.insert(layers.end(), rootfs.lower.begin(), rootfs.lower.end());
    images::export_rootfs(layers, fd);
    return {};
  }

  std::optional<int> index_;
  std::optional<std::string> output_;
  std::vector<std::string> service_;
};

}  // namespace

std::unique_ptr<Verb> make_export() {
  return std::make_unique<ExportVerb>();
}

}  // namespace compose::cli
