// RUN: the command sees the layers below through an overlay whose upper directory becomes the new layer.
#include <algorithm>
#include <charconv>
#include <fcntl.h>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "images/build/agent_socket.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/layer_writer.hpp"
#include "images/build/mount_placeholders.hpp"
#include "images/build/stage_builder.hpp"
#include "images/build/step_caches.hpp"

namespace compose::images {
namespace {

using base::ContainerPath;
using base::fail;

constexpr const char* k_script_path = "/run/.build-script";
constexpr std::size_t k_kept_output = 4096;

std::uint32_t number_option(const std::string& name, const std::string& spelling, std::uint32_t otherwise,
                            int radix) {
  if (spelling.empty()) return otherwise;
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(spelling.data(), spelling.data() + spelling.size(), value, radix);
  if (parsed.ec != std::errc{} || parsed.ptr != spelling.data() + spelling.size())
    fail("RUN --mount: {}={} is not a number", name, spelling);
  return value;
}

// The last output, for the message of a failed step.
class OutputTail {
 public:
  void add(std::string_view bytes) {
    tail_ += bytes;
    if (tail_.size() > 2 * k_kept_output) tail_.erase(0, tail_.size() - k_kept_output);
  }
  [[nodiscard]] std::string text() const {
    std::string_view text{tail_};
    if (text.size() > k_kept_output) text.remove_prefix(text.size() - k_kept_output);
    while (text.ends_with('\n')) text.remove_suffix(1);
    return std::string{text};
  }

 private:
  std::string tail_;
};

// Owner and mode of what a mount shows: mode=, uid=, gid=.
struct MountFacts {
  std::uint32_t mode = 0;
  Owner owner;
};

MountFacts facts_of(const RunMount& mount, std::uint32_t mode) {
  return {.mode = number_option("mode", mount.mode, mode, 8),
          .owner = {.uid = number_option("uid", mount.uid, 0, 10),
                    .gid = number_option("gid", mount.gid, 0, 10)}};
}

}  // namespace

struct StageBuilder::RunWork {
  struct Bind {
    const RunMount* mount;
    Source source;
    std::vector<SourceEntry> entries;
    std::string target;
  };
  struct Cache {
    const RunMount* mount;
    std::string id;
    std::string target;
    std::string directory;             // in the cache, "" for all of it
    Source source;                     // what a new one begins with
    std::vector<SourceEntry> entries;  // empty: with nothing
    MountFacts facts;
  };
  struct Agent {
    base::HostPath socket;
    std::string target;
    MountFacts facts;
  };
  StepSpec spec;            // what the step is known by; the directories of the host are missing
  std::vector<Bind> binds;  // copied into the workspace when the step runs
  std::vector<Cache> caches;
  std::vector<Agent> agents;
  std::vector<std::string> secret_environment;
};

std::vector<std::string> StageBuilder::run_environment() const {
  std::vector<std::string> environment;
  for (const auto& [name, value] : state_.arguments) environment.push_back(name + "=" + value);
  for (const auto& entry : state_.document.config.environment)
    if (!state_.arguments.contains(entry.substr(0, entry.find('=')))) environment.push_back(entry);
  if (!variable("PATH")) environment.insert(environment.begin(), base::text("PATH={}", k_default_path));
  return environment;
}

// RUN <<EOF is a script; RUN prog <<EOF gives the heredoc to the shell, which knows what it means.
std::vector<std::string> StageBuilder::run_command_line(const RunInstruction& run,
                                                        std::vector<StepMount>& mounts) const {
  if (run.heredocs.empty()) return command_line(run.command);
  const bool is_script = run.heredocs.size() == 1 && split_words(run.command.text).size() == 1;
  if (!is_script) {
    std::string text = run.command.text + "\n";
    for (const auto& heredoc : run.heredocs) text += heredoc.content + heredoc.name + "\n";
    return through_shell(text);
  }
  const auto& content = run.heredocs.front().content;
  if (!content.starts_with("#!")) return through_shell(content);
  mounts.emplace_back(StepFile{.content = content, .target = ContainerPath{k_script_path}, .mode = 0555});
  return {k_script_path};
}

// The agent's socket, and the variable that says where it is. Which keys it holds is not the cache's
// business.
void StageBuilder::prepare_ssh(const RunMount& mount, const std::string& target, RunWork& work) const {
  const auto id = mount.id.empty() ? std::string{"default"} : mount.id;
  const auto found = session_.request.ssh.find(id);
  if (found == session_.request.ssh.end()) {
    if (mount.required) fail("RUN --mount: the ssh agent '{}' is required and was not given", id);
    return;
  }
  const auto place = target.empty() ? base::text("/run/buildkit/ssh_agent.{}", work.agents.size()) : target;
  const auto variable = mount.env.empty() ? std::string{"SSH_AUTH_SOCK"} : mount.env;
  if (!mount.env.empty() || work.agents.empty()) work.secret_environment.push_back(variable + "=" + place);
  work.agents.push_back(
      {.socket = base::HostPath{found->second}, .target = place, .facts = facts_of(mount, 0600)});
}

void StageBuilder::prepare_secret(const RunMount& mount, const std::string& target, RunWork& work) const {
  const auto& secrets = session_.request.secrets;
  const auto id = mount.id.empty() ? base::HostPath{target}.name() : mount.id;
  const auto found = std::ranges::find(secrets, id, &BuildSecret::id);
  if (found == secrets.end()) {
    if (mount.required) fail("RUN --mount: the secret '{}' is required and was not given", id);
    return;
  }
  if (!mount.env.empty()) work.secret_environment.push_back(mount.env + "=" + found->content);
  if (target.empty()) return;
  const auto facts = facts_of(mount, 0400);
  work.spec.mounts.emplace_back(StepFile{.content = found->content,
                                         .target = ContainerPath{target},
                                         .mode = facts.mode,
                                         .uid = facts.owner.uid,
                                         .gid = facts.owner.gid});
}

namespace {

// What decides what a step makes, but for its mounts and the layers below. How much memory it may use does
// not.
void add_settings(CacheKey& key, const StepSpec& spec) {
  key.add(spec.argv).add(spec.environment).add(spec.user).add(spec.directory);
  key.add(static_cast<std::uint64_t>(spec.network)).add(spec.privileged ? 1 : 0).add(spec.shm_size);
  key.add(spec.extra_hosts.size());
  for (const auto& [name, address] : spec.extra_hosts) key.add(name).add(address);
  key.add(spec.ulimits.size());
  for (const auto& limit : spec.ulimits) key.add(limit.name).add(limit.soft).add(limit.hard);
}

// Not what a secret holds, nor who else may use a cache.
void add_mount(CacheKey& key, const RunMount& mount, const std::string& target) {
  key.add("mount").add(mount.type).add(target).add(mount.source).add(mount.id).add(mount.env);
  key.add(mount.size).add(mount.mode).add(mount.uid).add(mount.gid);
  key.add(mount.read_only ? 1 : 0).add(mount.writable ? 1 : 0);
}

void add_entries(CacheKey& key, const std::vector<SourceEntry>& entries) {
  for (const auto& entry : entries)
    key.add(entry.relative).add(entry.status.st_mode).add(entry.digest).add(entry.link);
}

std::vector<SourceEntry> entries_of(const Source& source, const std::string& path) {
  const auto found = source.tree->find(path.empty() ? "/" : path);
  return source.identity.empty() ? source.tree->collect(found.path, {}) : source.tree->list(found.path);
}

}  // namespace

// A cache that begins with files of an image is another one for other files.
void StageBuilder::prepare_cache(const RunMount& mount, const std::string& target, RunWork& work,
                                 CacheKey& key) {
  RunWork::Cache cache{.mount = &mount,
                       .id = expand(mount.id.empty() ? target : mount.id),
                       .target = target,
                       .directory = {},
                       .source = {},
                       .entries = {},
                       .facts = facts_of(mount, 0755)};
  const auto source = expand(mount.source);
  if (mount.from.empty()) {
    cache.directory = base::clean_path("/" + source).substr(1);
  } else {
    cache.source = open_source(session_, mount.from, stage_.index);
    cache.entries = entries_of(cache.source, source);
    if (!cache.entries.empty() && !S_ISDIR(cache.entries.front().status.st_mode))
      fail("RUN --mount=type=cache,from={}: '{}' is not a directory", mount.from, source);
    CacheKey beginning;
    beginning.add(cache.source.identity).add(source);
    if (cache.source.identity.empty()) add_entries(beginning, cache.entries);
    const auto digest = beginning.finish();
    key.add(digest);
    cache.id += "\n" + digest;
  }
  work.caches.push_back(std::move(cache));
}

void StageBuilder::prepare_bind(const RunMount& mount, const std::string& target, RunWork& work,
                                CacheKey& key) {
  RunWork::Bind bind{.mount = &mount,
                     .source = open_source(session_, mount.from, stage_.index),
                     .entries = {},
                     .target = target};
  bind.entries = entries_of(bind.source, expand(mount.source));
  key.add(bind.source.identity);
  add_entries(key, bind.entries);
  work.binds.push_back(std::move(bind));
}

void StageBuilder::prepare_mount(const RunMount& mount, RunWork& work, CacheKey& key) {
  const auto& directory = state_.document.config.directory;
  auto target = expand(mount.target);
  if (mount.type == "secret" && target.empty() && mount.env.empty()) target = "/run/secrets/" + mount.id;
  if (!target.empty()) target = base::absolute_path(target, directory.empty() ? "/" : directory);
  add_mount(key, mount, target);
  if (mount.type == "tmpfs") {
    const auto size = mount.size.empty() ? std::optional<std::int64_t>{0} : base::parse_bytes(mount.size);
    if (!size || *size < 0) fail("RUN --mount: size={} is not a size", mount.size);
    work.spec.mounts.emplace_back(
        StepTmpfs{.target = ContainerPath{target}, .size = static_cast<std::uint64_t>(*size)});
  } else if (mount.type == "cache") {
    prepare_cache(mount, target, work, key);
  } else if (mount.type == "ssh") {
    prepare_ssh(mount, target, work);
  } else if (mount.type == "secret") {
    prepare_secret(mount, target, work);
  } else {
    prepare_bind(mount, target, work, key);
  }
}

StepSpec StageBuilder::settings_of(const RunInstruction& run) const {
  const auto& config = state_.document.config;
  const auto& request = session_.request;
  StepSpec spec{.environment = run_environment(),
                .user = config.user,
                .directory = config.directory.empty() ? "/" : config.directory,
                .network = request.network,
                .extra_hosts = request.extra_hosts,
                .shm_size = request.shm_size,
                .memory = request.memory,
                .ulimits = request.ulimits,
                .privileged = request.privileged || run.privileged};
  spec.argv = run_command_line(run, spec.mounts);
  if (run.network == "none") spec.network = StepNetwork::none;
  if (run.network == "host") spec.network = StepNetwork::host;
  if (run.network == "default") spec.network = StepNetwork::default_;
  return spec;
}

void StageBuilder::operator()(const RunInstruction& run) {
  const auto work = std::make_shared<RunWork>();
  work->spec = settings_of(run);
  if (work->spec.argv.empty()) fail("RUN needs a command");
  CacheKey key;
  key.add("run");
  add_settings(key, work->spec);
  key.add(run.heredocs.size());
  for (const auto& heredoc : run.heredocs) key.add(heredoc.content);
  const auto& request = session_.request;
  if (run.privileged && !request.privileged && !request.may_be_privileged)
    fail("RUN --security=insecure needs the entitlement 'security.insecure'");
  for (const auto& mount : run.mounts) prepare_mount(mount, *work, key);
  layer_step(std::move(key), {.make = [this, work](const Workspace& workspace, WorkerReport& report) {
               perform_run(*work, workspace, report);
             }});
}

// ---- in the worker ----

namespace {

void copy_entries(const base::HostPath& directory, const SourceTree& tree,
                  const std::vector<SourceEntry>& entries) {
  const RootView nothing;
  LayerWriter writer{directory, nothing};
  const bool is_directory = S_ISDIR(entries.front().status.st_mode);
  for (const auto& entry : entries) {
    if (entry.relative.empty() && is_directory) continue;
    writer.copy_entry(tree, entry, is_directory ? entry.relative : "file", {});
  }
  writer.finish();
}

// A bind mount shows a copy: the step may write to it and change neither the context nor a layer.
base::HostPath copy_of_bind(const Workspace& workspace, std::size_t index, const SourceTree& tree,
                            const std::vector<SourceEntry>& entries) {
  const auto directory = workspace.path() / base::text("bind{}", index);
  base::sys::make_directory(directory, 0755);
  copy_entries(directory, tree, entries);
  return S_ISDIR(entries.front().status.st_mode) ? directory : directory / "file";
}

}  // namespace

// With what is no part of what the step is known by.
StepSpec StageBuilder::step_of(const RunWork& work, const Workspace& workspace) const {
  auto spec = work.spec;
  spec.lower = session_.store().layers().directories_of(state_.document.diff_ids);
  spec.upper = workspace.upper();
  spec.work = workspace.work();
  // Proxies need no ARG.
  for (const auto& [name, value] : session_.request.arguments)
    if (is_proxy_argument(name) && !state_.arguments.contains(name))
      spec.environment.push_back(name + "=" + value);
  spec.environment.insert(spec.environment.end(), work.secret_environment.begin(),
                          work.secret_environment.end());
  return spec;
}

// A directory of a cache is resolved inside it again when it is mounted, for other steps write there.
void StageBuilder::mount_caches(const RunWork& work, StepCaches& caches, StepSpec& spec) {
  for (const auto& cache : work.caches) {
    const auto fill = [&cache](const base::HostPath& directory) {
      if (!cache.entries.empty()) copy_entries(directory, *cache.source.tree, cache.entries);
    };
    caches.want(cache.id, {.sharing = cache_sharing(cache.mount->sharing),
                           .fill = fill,
                           .owner = cache.facts.owner,
                           .mode = cache.facts.mode});
  }
  caches.take();
  for (const auto& cache : work.caches) {
    const auto& path = caches.path(cache.id);
    if (!cache.directory.empty())
      make_directories_inside(base::sys::open(path, O_PATH | O_DIRECTORY).get(), cache.directory);
    spec.mounts.emplace_back(StepBind{.source = path,
                                      .target = ContainerPath{cache.target},
                                      .read_only = cache.mount->read_only,
                                      .inside = cache.directory});
  }
}

void StageBuilder::perform_run(const RunWork& work, const Workspace& workspace, WorkerReport& report) const {
  auto spec = step_of(work, workspace);
  for (std::size_t i = 0; i < work.binds.size(); ++i) {
    const auto& bind = work.binds[i];
    if (bind.entries.empty()) continue;
    spec.mounts.emplace_back(StepBind{.source = copy_of_bind(workspace, i, *bind.source.tree, bind.entries),
                                      .target = ContainerPath{bind.target},
                                      .read_only = !bind.mount->writable});
  }
  StepCaches caches{session_.store().layers(), workspace};
  mount_caches(work, caches, spec);
  std::vector<std::unique_ptr<AgentSocket>> agents;
  for (const auto& agent : work.agents) {
    agents.push_back(std::make_unique<AgentSocket>(agent.socket,
                                                   workspace.path() / base::text("agent{}", agents.size()),
                                                   agent.facts.mode, agent.facts.owner));
    spec.mounts.emplace_back(
        StepBind{.source = agents.back()->path(), .target = ContainerPath{agent.target}, .read_only = false});
  }
  OutputTail tail;
  const auto status = session_.commons.runner.run(spec, [&](std::string_view bytes) {
    tail.add(bytes);
    report.output(bytes);
  });
  if (!status.success()) {
    const auto output = tail.text();
    fail("'{}' {}{}{}", base::join(spec.argv, " "), status.describe(), output.empty() ? "" : "\n", output);
  }
  std::vector<std::string> targets{k_script_path};
  for (const auto& mount : spec.mounts)
    std::visit([&](const auto& m) { targets.push_back(m.target.str()); }, mount);
  remove_placeholders(workspace.upper(), view_below(), targets);
}

}  // namespace compose::images
