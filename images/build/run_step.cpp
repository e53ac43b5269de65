// RUN: the command sees the layers below through an overlay whose upper directory becomes the new layer.
#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/layer_writer.hpp"
#include "images/build/mount_stubs.hpp"
#include "images/build/stage_builder.hpp"

namespace compose::images {
namespace {

using base::ContainerPath;
using base::fail;

constexpr const char* k_default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
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

}  // namespace

struct StageBuilder::RunWork {
  std::vector<StepMount> mounts;
  struct Bind {
    const RunMount* mount;
    Source source;
    std::vector<SourceEntry> entries;
    std::string target;
  };
  std::vector<Bind> binds;             // copied into the workspace when the step runs
  std::vector<base::HostPath> locked;  // cache directories that one step at a time may use
  std::vector<std::string> secret_environment;
  std::size_t agents = 0;
};

std::vector<std::string> StageBuilder::run_environment() const {
  std::vector<std::string> environment;
  for (const auto& [name, value] : state_.arguments) {
    const auto& set = state_.document.config.environment;
    const auto prefix = name + "=";
    const bool overridden =
        std::ranges::any_of(set, [&](const auto& entry) { return entry.starts_with(prefix); });
    if (!overridden) environment.push_back(prefix + value);
  }
  const auto& own = state_.document.config.environment;
  environment.insert(environment.end(), own.begin(), own.end());
  const bool has_path =
      std::ranges::any_of(environment, [](const auto& entry) { return entry.starts_with("PATH="); });
  if (!has_path) environment.insert(environment.begin(), k_default_path);
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
void StageBuilder::ssh_mount(const RunMount& mount, const std::string& target, RunWork& work) const {
  const auto id = mount.id.empty() ? std::string{"default"} : mount.id;
  const auto found = session_.request.ssh.find(id);
  if (found == session_.request.ssh.end()) {
    if (mount.required) fail("RUN --mount: the ssh agent '{}' is required and was not given", id);
    return;
  }
  const base::HostPath socket{found->second};
  const auto status = base::sys::stat_if_exists(socket);
  if (!status || !S_ISSOCK(status->st_mode))
    fail("RUN --mount: '{}' is not the socket of an ssh agent: load the key into an agent", socket.str());
  const auto place = target.empty() ? base::text("/run/buildkit/ssh_agent.{}", work.agents) : target;
  if (work.agents++ == 0) work.secret_environment.push_back("SSH_AUTH_SOCK=" + place);
  work.mounts.emplace_back(StepBind{.source = socket, .target = ContainerPath{place}, .read_only = false});
}

void StageBuilder::prepare_mounts(const RunInstruction& run, RunWork& work, CacheKey& key) {
  const auto& directory = state_.document.config.directory;
  for (const auto& mount : run.mounts) {
    auto target = expand(mount.target);
    if (mount.type == "secret" && target.empty() && mount.env.empty()) target = "/run/secrets/" + mount.id;
    if (!target.empty()) target = base::absolute_path(target, directory.empty() ? "/" : directory);
    key.add("mount").add(mount.type).add(target).add(mount.source).add(mount.id).add(mount.env);
    if (mount.type == "tmpfs") {
      const auto size = mount.size.empty() ? std::optional<std::int64_t>{0} : base::parse_bytes(mount.size);
      if (!size || *size < 0) fail("RUN --mount: size={} is not a size", mount.size);
      work.mounts.emplace_back(
          StepTmpfs{.target = ContainerPath{target}, .size = static_cast<std::uint64_t>(*size)});
    } else if (mount.type == "cache") {
      if (!mount.from.empty()) fail("RUN --mount=type=cache,from={} is not supported", mount.from);
      const auto id = expand(mount.id.empty() ? target : mount.id);
      const auto path = session_.store.layers().cache_directory(id);
      const auto opened = base::sys::open(path, O_RDONLY | O_DIRECTORY);
      base::check(::fchmod(opened.get(), number_option("mode", mount.mode, 0755, 8)),
                  "set the mode of a cache");
      base::check(::fchown(opened.get(), number_option("uid", mount.uid, 0, 10),
                           number_option("gid", mount.gid, 0, 10)),
                  "set the owner of a cache");
      if (mount.sharing != "shared") work.locked.push_back(path);
      work.mounts.emplace_back(
          StepBind{.source = path, .target = ContainerPath{target}, .read_only = mount.read_only});
    } else if (mount.type == "ssh") {
      ssh_mount(mount, target, work);
    } else if (mount.type == "secret") {
      const auto& secrets = session_.request.secrets;
      const auto id = mount.id.empty() ? base::HostPath{target}.name() : mount.id;
      const auto found = std::ranges::find(secrets, id, &BuildSecret::id);
      if (found == secrets.end() && mount.required)
        fail("RUN --mount: the secret '{}' is required and was not given", id);
      if (found == secrets.end()) continue;
      if (!mount.env.empty()) work.secret_environment.push_back(mount.env + "=" + found->content);
      if (target.empty()) continue;
      work.mounts.emplace_back(StepFile{.content = found->content,
                                        .target = ContainerPath{target},
                                        .mode = number_option("mode", mount.mode, 0400, 8),
                                        .uid = number_option("uid", mount.uid, 0, 10),
                                        .gid = number_option("gid", mount.gid, 0, 10)});
    } else {
      RunWork::Bind bind{
          .mount = &mount, .source = open_source(session_, mount.from, stage_.index), .target = target};
      const auto paths = bind.source.tree->match(mount.source.empty() ? "/" : expand(mount.source));
      bind.entries = bind.source.identity.empty() ? bind.source.tree->collect(paths.front().path, {})
                                                  : bind.source.tree->list(paths.front().path);
      key.add(bind.source.identity);
      for (const auto& entry : bind.entries)
        key.add(entry.relative).add(entry.status.st_mode).add(entry.digest).add(entry.link);
      work.binds.push_back(std::move(bind));
    }
  }
}

void StageBuilder::operator()(const RunInstruction& run) {
  RunWork work;
  CacheKey key;
  key.add("run").add(run_command_line(run, work.mounts)).add(run_environment());
  for (const auto& heredoc : run.heredocs) key.add(heredoc.content);
  const auto& config = state_.document.config;
  key.add(config.user).add(config.directory).add(run.network);
  prepare_mounts(run, work, key);
  layer_step(std::move(key),
             [&](const Workspace& workspace) { perform_run(run, work, workspace, running_number_); });
}

namespace {

// A bind mount shows a copy: the step may write to it and change neither the context nor a layer.
base::HostPath copy_of_bind(const Workspace& workspace, std::size_t index, const SourceTree& tree,
                            const std::vector<SourceEntry>& entries) {
  const auto directory = workspace.path() / base::text("bind{}", index);
  base::sys::make_directory(directory, 0755);
  const RootView nothing;
  LayerWriter writer{directory, nothing};
  const bool is_directory = S_ISDIR(entries.front().status.st_mode);
  for (const auto& entry : entries) {
    if (entry.relative.empty() && is_directory) continue;
    writer.copy_entry(tree, entry, is_directory ? entry.relative : "file", {});
  }
  writer.finish();
  return is_directory ? directory : directory / "file";
}

}  // namespace

void StageBuilder::perform_run(const RunInstruction& run, RunWork& work, const Workspace& workspace,
                               std::size_t number) {
  const auto& config = state_.document.config;
  StepSpec spec{.lower = session_.store.layers().directories_of(state_.document.diff_ids),
                .upper = workspace.upper(),
                .work = workspace.work(),
                .environment = run_environment(),
                .user = config.user,
                .directory = config.directory.empty() ? "/" : config.directory,
                .network = session_.request.network,
                .extra_hosts = session_.request.extra_hosts,
                .shm_size = session_.request.shm_size,
                .ulimits = session_.request.ulimits,
                .privileged = session_.request.privileged};
  std::vector<StepMount> ignored;
  spec.argv = run_command_line(run, ignored);
  if (spec.argv.empty()) fail("RUN needs a command");
  spec.mounts = work.mounts;
  spec.environment.insert(spec.environment.end(), work.secret_environment.begin(),
                          work.secret_environment.end());
  if (run.network == "none") spec.network = StepNetwork::none;
  if (run.network == "host") spec.network = StepNetwork::host;
  if (run.network == "default") spec.network = StepNetwork::default_;
  for (std::size_t i = 0; i < work.binds.size(); ++i) {
    const auto& bind = work.binds[i];
    if (bind.entries.empty()) continue;
    spec.mounts.emplace_back(StepBind{.source = copy_of_bind(workspace, i, *bind.source.tree, bind.entries),
                                      .target = ContainerPath{bind.target},
                                      .read_only = !bind.mount->writable});
  }
  std::vector<base::UniqueFd> locks;
  for (const auto& path : work.locked) {
    locks.push_back(base::sys::open(path, O_RDONLY | O_DIRECTORY));
    base::check(base::retry_eintr([&] { return ::flock(locks.back().get(), LOCK_EX); }), "lock a cache");
  }
  OutputTail tail;
  const auto status = session_.runner.run(spec, [&](std::string_view bytes) {
    tail.add(bytes);
    session_.progress.step_output(number, bytes);
  });
  if (!status.success()) {
    const auto output = tail.text();
    fail("'{}' {}{}{}", base::join(spec.argv, " "), status.describe(), output.empty() ? "" : "\n", output);
  }
  std::vector<std::string> targets{k_script_path};
  for (const auto& mount : spec.mounts)
    std::visit([&](const auto& m) { targets.push_back(m.target.str()); }, mount);
  remove_mount_stubs(workspace.upper(), view_below(), targets);
}

}  // namespace compose::images
