// Everything that is built together: contexts are brought here, Dockerfiles read and planned, missing images
// brought, and then the stages of all go on side by side.
#include <algorithm>
#include <array>
#include <deque>
#include <fcntl.h>
#include <functional>
#include <list>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "base/wire.hpp"
#include "images/build/agent_socket.hpp"
#include "images/build/build.hpp"
#include "images/build/build_state.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/remote_context.hpp"
#include "images/build/request_dockerfile.hpp"
#include "images/build/stage_builder.hpp"
#include "images/platform.hpp"
#include "images/transfer.hpp"
#include "images/worker.hpp"

namespace compose::images {
namespace {

using base::fail;

constexpr std::size_t k_least_parallel = 4;
constexpr int k_build_tick = 80;  // milliseconds

// Arguments that may be given without an ARG that declares them.
bool needs_no_declaration(const std::string& name) {
  return is_proxy_argument(name) || name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH";
}

bool wants_git_directory(const BuildRequest& request) {
  const auto found = request.arguments.find("BUILDKIT_CONTEXT_KEEP_GIT_DIR");
  return found != request.arguments.end() && (found->second == "1" || found->second == "true");
}

std::vector<Reference> parsed_tags(const std::vector<std::string>& tags) {
  std::vector<Reference> references;
  for (const auto& tag : tags) references.push_back(parse_reference(tag));
  return references;
}

std::string commit(BuildSession& session) {
  auto document = session.results[session.plan.target]->document;
  for (const auto& [name, value] : session.request.labels) document.config.labels[name] = value;
  if (document.created.empty()) document.created = "1970-01-01T00:00:00Z";  // nothing in it has a time
  for (auto& entry : document.history)
    if (entry.created.empty()) entry.created = "1970-01-01T00:00:00Z";
  return session.store().commit(format_image_document(document), parsed_tags(session.request.tags));
}

void open_imports(BuildSession& session) {
  if (session.request.no_cache) return;
  for (const auto& text : session.request.cache_from) {
    try {
      const auto location = parse_cache_location(text);
      if (!location) fail("this type of cache is not known here: only local and registry");
      session.imports.push_back(std::make_unique<CacheImport>(session.store(), *location));
    } catch (const base::Error& e) {
      session.commons.progress.warning(base::text("cache_from '{}': {}", text, e.what()));
    }
  }
}

CacheContent cache_content_of(const BuildSession& session) {
  CacheContent content{.steps = session.used, .bases = {}};
  for (const auto& [reference, id] : session.bases) {
    auto config = session.store().config_json(id);
    auto diff_ids = parse_image_document(config).diff_ids;
    content.bases.push_back(
        {.reference = reference, .config = std::move(config), .diff_ids = std::move(diff_ids)});
  }
  return content;
}

void write_exports(BuildSession& session) {
  for (const auto& text : session.request.cache_to)
    base::with_context(base::text("cache_to '{}'", text), [&] {
      const auto location = parse_cache_location(text);
      if (location) return export_cache(session.store(), *location, cache_content_of(session));
      session.commons.progress.warning(
          base::text("cache_to '{}': this type of cache is not known here: only local and registry", text));
    });
}

// One request on its way.
struct Job {
  BuildRequest request;
  std::unique_ptr<BuildSession> session = {};
  std::vector<std::shared_ptr<const Workspace>> workspaces = {};  // of contexts from elsewhere
  std::vector<std::unique_ptr<KeyAgent>> agents = {};
  std::optional<std::string> dockerfile = {};  // a context that is a Dockerfile alone
  std::vector<std::unique_ptr<StageBuilder>> stages = {};
  std::set<std::size_t> begun = {};  // indices of the stages
  std::optional<BuildResult> result = {};
};

class Batch {
 public:
  Batch(const BuildTools& tools, const std::vector<BuildRequest>& requests)
      : commons_{.store = tools.store,
                 .runner = tools.runner,
                 .progress = tools.progress,
                 .cache = BuildCache{tools.store.database()},
                 .fetch = tools.fetch,
                 .several_requests = requests.size() > 1},
        parallel_(tools.parallel != 0 ? tools.parallel : std::max(k_least_parallel, processors())),
        stop_is_wanted_(tools.stop_is_wanted),
        lease_(tools.store.layers().lease()) {
    for (const auto& request : requests) jobs_.push_back({.request = request});
  }

  // What still runs is stopped, and gone before what it works on is.
  ~Batch() {
    if (running_.empty()) return;
    for (const auto& running : running_) running.stage.stop_work();
    running_.clear();
    clean_up();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  std::vector<BuildResult> run() {
    for (auto& job : jobs_) guarded(job, [&] { accept(job); });
    fetch_contexts();
    for (auto& job : jobs_) guarded(job, [&] { plan(job); });
    refuse_cycles();
    fetch_images();
    for (auto& job : jobs_)
      guarded(job, [&] {
        check(job);
        refuse_too_many_layers(job);
      });
    for (auto& job : jobs_) guarded(job, [&] { begin(job); });
    run_stages();
    std::vector<BuildResult> results;
    for (auto& job : jobs_) {
      stop_when_wanted();
      guarded(job, [&] { write_exports(*job.session); });
      results.push_back(*job.result);
    }
    return results;
  }

 private:
  template <class F>
  static void guarded(const Job& job, F&& f) {
    try {
      f();
    } catch (const BuildStopped&) {
      throw;
    } catch (const base::Error& e) {
      throw BuildError(job.request.name, e.what());
    }
  }

  void stop_when_wanted() const {
    if (stop_is_wanted_ && stop_is_wanted_()) throw BuildStopped{};
  }

  // What killed builds left, and what this one did.
  void clean_up() noexcept {
    try {
      commons_.runner.clean_up();
    } catch (const base::Error&) {
      // Left for the next build.
    }
  }

  // ---- before any step ----

  void accept(Job& job) {
    const auto& request = job.request;
    job.session =
        std::make_unique<BuildSession>(BuildSession{.commons = commons_,
                                                    .request = request,
                                                    .context = {},
                                                    .named_contexts = {},
                                                    .dockerfile = {},
                                                    .plan = {},
                                                    .predefined = predefined_arguments(request.platform)});
    for (const auto& reference : parsed_tags(request.tags))
      commons_.images[reference.full()].insert(request.name);
    for (const auto& [name, text] : request.named_contexts) {
      auto context = parse_context(text);
      if (context.kind == ContextKind::oci_layout) {
        const auto image = parse_layout_image(context.place);
        context = {ContextKind::image, load_layout_image(commons_.store, base::HostPath{image.directory},
                                                         image.tag, image.digest)};
      }
      job.session->named_contexts[name] = context;
    }
    provide_agents(job);
  }

  // A private key gets an agent of its own.
  void provide_agents(Job& job) {
    for (auto& agent : job.request.ssh)
      base::with_context(base::text("ssh \"{}\"", agent.first), [&] {
        const base::HostPath place{agent.second};
        const auto status = base::sys::stat_if_exists(place);
        if (!status) fail("there is no '{}'", place.str());
        if (S_ISSOCK(status->st_mode)) return;
        job.workspaces.push_back(std::make_shared<Workspace>(commons_.store.layers().workspace()));
        job.agents.push_back(std::make_unique<KeyAgent>(place, job.workspaces.back()->path()));
        agent.second = job.agents.back()->socket().str();
      });
  }

  struct Fetch {
    Job& job;
    NamedContext* context;  // nullptr: the main one
    std::string text;
    std::shared_ptr<const Workspace> workspace;
    std::unique_ptr<Worker> worker;
  };

  void fetch_contexts() {
    std::deque<Fetch> fetches;
    for (auto& job : jobs_) {
      const auto main = parse_context(job.request.context);
      if (main.is_remote()) {
        fetches.push_back(start_fetch(job, nullptr, main));
      } else {
        job.session->context = base::HostPath{job.request.context};
      }
      for (auto& [name, context] : job.session->named_contexts)
        if (context.is_remote()) fetches.push_back(start_fetch(job, &context, context));
    }
    while (!fetches.empty()) {
      auto& fetch = fetches.front();
      wait_for_any(std::array<int, 1>{fetch.worker->fd()}, k_build_tick);
      stop_when_wanted();
      commons_.progress.tick();
      const auto outcome = fetch.worker->hear({});
      if (!outcome) continue;
      guarded(fetch.job, [&] { take_context(fetch, *outcome); });
      fetches.pop_front();
    }
  }

  Fetch start_fetch(Job& job, NamedContext* into, const NamedContext& context) {
    auto workspace = std::make_shared<const Workspace>(commons_.store.layers().workspace());
    const bool keep_git = wants_git_directory(job.request);
    GitAccess access;
    if (context.kind == ContextKind::git)
      access = git_access_of(job.request, *parse_git_address(context.place));
    auto worker = std::make_unique<Worker>([&](WorkerReport&) {
      return base::to_wire(fetch_context(context, workspace->upper(), keep_git, access));
    });
    return {.job = job,
            .context = into,
            .text = context.place,
            .workspace = std::move(workspace),
            .worker = std::move(worker)};
  }

  static void take_context(Fetch& fetch, const WorkerOutcome& outcome) {
    if (outcome.failed) fail("{}", outcome.text);
    const auto fetched = base::from_wire<FetchedContext>(outcome.text);
    fetch.job.workspaces.push_back(fetch.workspace);
    fetch.job.session->fetched.insert(fetched.directory);
    if (fetch.context == nullptr) {
      if (!fetched.directory.empty()) fetch.job.session->context = base::HostPath{fetched.directory};
      if (fetched.directory.empty()) fetch.job.dockerfile = fetched.dockerfile;
      return;
    }
    if (fetched.directory.empty()) fail("context '{}': it is not an archive", fetch.text);
    *fetch.context = {ContextKind::directory, fetched.directory};
  }

  static void check_context(const base::HostPath& context) {
    if (context.empty()) return;
    const auto status = base::sys::stat_if_exists(context);
    if (!status) fail("the build context '{}' does not exist", context.str());
    if (!S_ISDIR(status->st_mode)) fail("the build context '{}' is not a directory", context.str());
  }

  static Dockerfile read_dockerfile(const Job& job) {
    const auto& request = job.request;
    if (request.dockerfile_inline) return parse_dockerfile(*request.dockerfile_inline, "dockerfile_inline");
    if (job.dockerfile) return parse_dockerfile(*job.dockerfile, "Dockerfile");
    const auto& context = job.session->context;
    if (!job.session->context_is_fetched()) {
      const base::HostPath path{base::absolute_path(request.dockerfile, context.str())};
      return parse_dockerfile(images::read_dockerfile(path), dockerfile_name(request));
    }
    const RootView root{base::sys::open(context, O_PATH | O_DIRECTORY)};  // a stranger's link leads nowhere
    const auto text = root.read_file(request.dockerfile, k_max_dockerfile);
    if (!text) fail("there is no '{}' to build from", request.dockerfile);
    return parse_dockerfile(*text, dockerfile_name(request));
  }

  void plan(Job& job) {
    auto& session = *job.session;
    check_context(session.context);
    session.dockerfile = read_dockerfile(job);
    session.plan = plan_stages(session.dockerfile, session.request.arguments, session.predefined,
                               session.request.target);
    session.results.resize(session.plan.stages.size());
    session.predefined["TARGETSTAGE"] = session.plan.stages[session.plan.target].name;
    for (const auto& warning : session.dockerfile.warnings) commons_.progress.warning(warning);
    for (const auto& [name, value] : session.request.arguments)
      if (!session.plan.declared_arguments.contains(name) && !needs_no_declaration(name))
        commons_.progress.warning(base::text("build argument '{}' is not declared by any ARG", name));
    commons_.several_stages = commons_.several_stages || session.plan.needed.size() > 1;
  }

  // ---- which wait for which ----

  // Names of images that the job's stages take from, as FROM and --from spell them.
  static std::set<std::string> images_used_by(const BuildSession& session) {
    std::set<std::string> names;
    for (const auto index : session.plan.needed) {
      const auto& stage = session.plan.stages[index];
      if (session.named_contexts.contains(stage.base) || (!stage.base_stage && stage.base != "scratch"))
        names.insert(stage.base);
      for (const auto& from : stage.from)
        if (session.named_contexts.contains(from) || !find_stage(session.plan.stages, from, index))
          names.insert(from);
    }
    std::erase_if(names, [&](const auto& name) {
      const auto found = session.named_contexts.find(name);
      return found != session.named_contexts.end() && found->second.kind == ContextKind::directory;
    });
    return names;
  }

  void refuse_cycles() const {
    std::map<std::string, std::set<std::string>> waits;
    for (const auto& job : jobs_)
      guarded(job, [&] {
        for (const auto& name : images_used_by(*job.session))
          if (const auto producer = producing_request(*job.session, name))
            waits[job.request.name].insert(*producer);
      });
    std::set<std::string> checked;
    std::vector<std::string> path;
    const std::function<void(const std::string&)> visit = [&](const std::string& name) {
      const auto begun = std::ranges::find(path, name) - path.begin();
      path.push_back(name);
      if (begun + 1 < std::ssize(path))
        throw BuildError(name, base::text("each waits for the image of the next: {}",
                                          base::join({path.begin() + begun, path.end()}, " -> ")));
      if (!checked.contains(name))
        for (const auto& other : waits[name]) visit(other);
      checked.insert(name);
      path.pop_back();
    };
    for (const auto& job : jobs_) visit(job.request.name);
  }

  void fetch_images() {
    if (!commons_.fetch) return;
    for (const auto& job : jobs_) {
      const auto& session = *job.session;
      for (const auto& name : images_used_by(session)) {
        if (producing_request(session, name)) continue;
        const auto named = session.named_contexts.find(name);
        const auto& reference = named == session.named_contexts.end() ? name : named->second.place;
        if (reference.starts_with("sha256:")) continue;
        if (job.request.pull || !commons_.store.resolve(reference))
          commons_.fetched.insert({.reference = reference, .platform = job.request.platform});
      }
    }
    if (!commons_.fetched.empty())
      commons_.fetch_errors = commons_.fetch({commons_.fetched.begin(), commons_.fetched.end()});
  }

  // What is doubtful is said before anything runs, and ends the build where the Dockerfile wants that.
  void check(Job& job) {
    const auto& session = *job.session;
    const auto& file = session.dockerfile.name;
    auto surroundings = surroundings_of(commons_.store, session.request, session.plan, session.predefined);
    if (!session.context.empty() && !session.context_is_fetched())
      surroundings.ignored = context_ignore_rules(
          session.request, session.context, RootView{base::sys::open(session.context, O_PATH | O_DIRECTORY)});
    const auto report = check_dockerfile(session.dockerfile, surroundings);
    for (const auto& [rule, message, line] : report.findings) {
      if (report.error) fail("{}:{}: {}: {} (the check has error=true)", file, line, rule, message);
      commons_.progress.warning(base::text("{}:{}: {}: {}", file, line, rule, message));
    }
  }

  // Steps that would be too many are not begun. A few that seem to make layers may make none; so many do not
  // (and base images that are built beside this one count when their stage does).
  void refuse_too_many_layers(const Job& job) const {
    const auto& session = *job.session;
    std::map<std::size_t, std::size_t> counts;  // by stage
    for (const auto index : session.plan.needed) {
      const auto& stage = session.plan.stages[index];
      auto count = stage.base_stage ? counts[*stage.base_stage] : layers_of(session, stage.base);
      for (const auto* instruction : stage.instructions) {
        const bool makes_layer = std::holds_alternative<RunInstruction>(instruction->body) ||
                                 std::holds_alternative<CopyInstruction>(instruction->body);
        if (makes_layer && ++count > k_most_image_layers)
          fail("{}:{}: an image has at most {} layers, and this would be one more", session.dockerfile.name,
               instruction->line, k_most_image_layers);
      }
      counts[index] = count;
    }
  }

  [[nodiscard]] std::size_t layers_of(const BuildSession& session, const std::string& base) const {
    if (base == "scratch" || session.named_contexts.contains(base) || producing_request(session, base))
      return 0;
    const auto image = commons_.store.resolve(base);
    return image ? image->layers.size() : 0;
  }

  // ---- the stages ----

  static void begin(Job& job) {
    auto& session = *job.session;
    open_imports(session);
    begin_needed(job);
  }

  // False: what the plan needs has begun already. It comes to need more when a base image has triggers.
  static bool begin_needed(Job& job) {
    auto& session = *job.session;
    if (session.plan.needed.size() == job.begun.size()) return false;
    for (const auto index : session.plan.needed)
      if (job.begun.insert(index).second)
        job.stages.push_back(std::make_unique<StageBuilder>(session, session.plan.stages[index]));
    return true;
  }

  struct Running {
    Job& job;
    StageBuilder& stage;
    std::string key;
    std::unique_ptr<Worker> worker;
  };

  void run_stages() {
    for (;;) {
      stop_when_wanted();
      while (advance_all()) {
      }
      if (running_.empty()) return check_all_built();
      std::vector<int> fds;
      for (const auto& running : running_) fds.push_back(running.worker->fd());
      wait_for_any(fds, k_build_tick);
      commons_.progress.tick();
      hear_all();
    }
  }

  // Nothing runs any more, so nothing that a stage waits for will come.
  void check_all_built() const {
    if (std::ranges::all_of(jobs_, [](const Job& job) { return job.result.has_value(); })) return;
    refuse_cycles();  // triggers of base images can close one
    for (const auto& job : jobs_)
      for (const auto& stage : job.stages)
        if (!stage->is_complete())
          throw BuildError(job.request.name,
                           base::text("{}: it waits for something that is not built", stage->place()));
  }

  // True: something was completed that others may wait for, or others have begun.
  bool advance_all() {
    bool completed = false;
    for (auto& job : jobs_) {
      if (job.result) continue;
      guarded(job, [&] {
        for (auto& stage : job.stages) completed = advance(job, *stage) || completed;
        if (begin_needed(job)) {
          commons_.several_stages = true;
          completed = true;
        }
        completed = finish_when_complete(job) || completed;
      });
    }
    return completed;
  }

  bool advance(Job& job, StageBuilder& stage) {
    if (stage.is_complete() || is_running(stage)) return false;
    stage.advance();
    while (stage.has_work() && may_start(stage)) {
      if (!stage.begin_work()) {
        stage.advance();
        continue;
      }
      start(job, stage);
      return false;
    }
    return stage.is_complete();
  }

  [[nodiscard]] bool is_running(const StageBuilder& stage) const {
    return std::ranges::any_of(running_, [&](const auto& running) { return &running.stage == &stage; });
  }

  [[nodiscard]] bool may_start(const StageBuilder& stage) const {
    return running_.size() < parallel_ && std::ranges::none_of(running_, [&](const auto& running) {
             return !running.key.empty() && running.key == stage.work_key();
           });
  }

  void start(Job& job, StageBuilder& stage) {
    if (!std::exchange(cleaned_up_, true)) clean_up();
    running_.push_back({.job = job,
                        .stage = stage,
                        .key = stage.work_key(),
                        .worker = std::make_unique<Worker>(
                            [&stage](WorkerReport& report) { return stage.do_work(report); })});
  }

  void hear_all() {
    for (auto running = running_.begin(); running != running_.end();) {
      const auto outcome =
          running->worker->hear({}, [&](std::string_view bytes) { running->stage.hear_output(bytes); });
      if (!outcome) {
        ++running;
        continue;
      }
      auto& job = running->job;
      auto& stage = running->stage;
      running = running_.erase(running);
      guarded(job, [&] { stage.end_work(*outcome); });
    }
  }

  bool finish_when_complete(Job& job) {
    auto& session = *job.session;
    const bool complete =
        std::ranges::all_of(job.stages, [](const auto& stage) { return stage->is_complete(); });
    if (!complete) return false;
    job.result = BuildResult{.image_id = commit(session), .steps = session.steps, .cached = session.cached};
    commons_.built[job.request.name] = job.result->image_id;
    for (const auto& [directory, digests] : commons_.digests) digests->save();
    return true;
  }

  BuildCommons commons_;
  std::size_t parallel_;
  decltype(BuildTools::stop_is_wanted) stop_is_wanted_;
  WriterLease lease_;
  std::deque<Job> jobs_;
  std::list<Running> running_;
  bool cleaned_up_ = false;
};

}  // namespace

std::vector<BuildResult> build_images(const BuildTools& tools, const std::vector<BuildRequest>& requests) {
  return Batch{tools, requests}.run();
}

}  // namespace compose::images
