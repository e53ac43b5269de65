#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/progress.hpp"
#include "images/store.hpp"
#include "images/transfer.hpp"
#include "runtime-shim/client/shim_client.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

// The container stands still as long as this lives.
class StandStill {
 public:
  StandStill(const rt::RuntimePaths& paths, const rt::ContainerId& id)
      : client_(io_.get_executor(), paths, id) {
    std::exception_ptr failure;
    asio::co_spawn(io_, client_.hold(), [&](std::exception_ptr e, std::shared_ptr<void> held) {
      failure = e;
      held_ = std::move(held);
    });
    io_.run();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  asio::io_context io_{1};
  rt::ShimClient client_;
  std::shared_ptr<void> held_;
};

// What the container was run with, as the configuration of an image: what the file says over what the image
// says. The labels by which containers are found are not those of an image.
images::ImageConfig config_of(const rt::ContainerSpec& spec, const adapters::ContainerRecord& record,
                              images::ImageConfig config) {
  const auto& argv = spec.process.argv;
  const auto& entrypoint = config.entrypoint;
  const bool same_entrypoint = !entrypoint.empty() && argv.size() >= entrypoint.size() &&
                               std::equal(entrypoint.begin(), entrypoint.end(), argv.begin());
  if (!same_entrypoint) config.entrypoint.clear();
  config.command = {argv.begin() + static_cast<std::ptrdiff_t>(config.entrypoint.size()), argv.end()};
  config.environment = spec.process.environment;
  config.directory = spec.process.directory;
  config.user = spec.process.user;
  for (const auto& [name, value] : record.labels)
    if (!name.starts_with("com.docker.compose.")) config.labels[name] = value;
  for (const auto& port : record.summary.exposed)
    if (std::ranges::count(config.exposed_ports, port) == 0) config.exposed_ports.push_back(port);
  std::ranges::sort(config.exposed_ports);
  return config;
}

std::vector<std::string> mount_targets(const rt::ContainerSpec& spec) {
  std::vector<std::string> targets;
  for (const auto& mount : spec.mounts)
    std::visit([&](const auto& m) { targets.push_back(m.target.str()); }, mount);
  return targets;
}

class CommitVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("-a,--author", author_, "text", "Who made it, as \"Ann <ann@example.org>\"");
    a.values("-c,--change", changes_, "instruction",
             "Dockerfile instruction to apply (CMD, ENV, ...); repeatable");
    a.value("--index", index_, "int", "Which replica (default: the first that runs)");
    a.value("-m,--message", message_, "text", "Comment for the history");
    a.flag("-p,--pause", pause_, "Let the container stand still meanwhile (default; --pause=false)");
    a.words(words_, "SERVICE [REPOSITORY[:TAG]]", "A service, and what the image is called", 1, 2);
    a.examples(
        "  compose commit silo silo:debug\n  compose commit -c 'CMD [\"sh\"]' -m \"before the change\" silo "
        "silo:kept\n");
  }

  int run(Context& context) override {
    const auto containers = list_containers(context, context.project_name(), adapters::State::Labels::with);
    check_services(context, containers, {words_.front()});
    const auto& chosen = choose_container(containers, words_.front(), index_);
    auto& progress = context.progress();
    const auto object = base::text("service {}", words_.front());
    progress.update(object, sched::Progress::Phase::working, "Committing", "");
    if (context.options().dry_run) {
      progress.update(object, sched::Progress::Phase::done, "Committed", "");
      return 0;
    }
    const auto outcome = base::with_context(base::text("commit '{}'", chosen.record.name),
                                            [&] { return commit(context, chosen); });
    progress.update(object, sched::Progress::Phase::done, "Committed", outcome.id);
    progress.finish();
    for (const auto& file : outcome.unsteady)
      context.warn(base::text("'{}' shrank while it was read: its end is zeros", file));
    return 0;
  }

 private:
  images::CommitOutcome commit(Context& context, const Listed& chosen) const {
    const auto spec = context.state().spec(chosen.record.id);
    auto& store = context.images();
    images::CommitRequest request{
        .image_id = chosen.record.image_id,
        .upper = spec.rootfs.upper,
        .mounts = mount_targets(spec),
        .config = config_of(spec, chosen.record, store.require(chosen.record.image_id).config),
        .reference = words_.size() == 2 ? words_[1] : "",
        .author = author_,
        .message = message_,
        .changes = changes_};
    const bool running = is_running(chosen.status);
    const bool paused = chosen.status.state == rt::ContainerState::paused;
    request.live = running && !paused && !pause_;
    std::optional<StandStill> still;
    if (running && !paused && pause_) still.emplace(context.paths().runtime(), chosen.record.id);
    return images::commit_container(store, request);
  }

  std::string author_;
  std::vector<std::string> changes_;
  std::optional<int> index_;
  std::string message_;
  bool pause_ = true;
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_commit() {
  return std::make_unique<CommitVerb>();
}

}  // namespace compose::cli
