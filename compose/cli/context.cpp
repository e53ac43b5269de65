#include "compose/cli/context.hpp"

#include <array>
#include <iostream>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "compose/adapters/leftovers.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/project_lock.hpp"
#include "compose/adapters/state.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/ui/progress.hpp"
#include "compose/ui/style.hpp"
#include "images/store.hpp"
#include "net/network_manager.hpp"
#include "net/port_publisher.hpp"

namespace compose::cli {

namespace {

// For messages: the rooms below know containers by id.
net::ContainerNameOf name_of_container(adapters::State& state) {
  return [&state](const std::string& id) -> std::optional<std::string> {
    const auto record = state.container(rt::ContainerId{id});
    return record ? std::optional{record->name} : std::nullopt;
  };
}

}  // namespace

struct Context::Parts {
  GlobalOptions options;
  std::string verb;
  ui::Output& out;
  base::SystemClock clock;
  adapters::Paths paths = adapters::paths_of_this_process();
  std::optional<std::string> project_name;
  std::optional<bool> has_files;
  std::string locked_project;
  std::optional<adapters::ProjectLock> lock;  // goes after the networks have taken their last links away
  std::optional<adapters::LockWait> lock_wait;
  // In the order in which they use each other.
  std::unique_ptr<adapters::State> state;
  std::unique_ptr<net::NetworkManager> networks;
  std::unique_ptr<net::PortPublisher> ports;
  std::unique_ptr<images::Store> images;
  std::unique_ptr<ui::ProgressView> progress;
  std::chrono::steady_clock::time_point phase_began = clock.monotonic();
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> phases;
};

Context::Context(const GlobalOptions& options, std::string verb, ui::Output& out)
    : parts_(new Parts{.options = options, .verb = std::move(verb), .out = out}) {}
Context::~Context() {
  try {
    if (parts_->lock) unlock_failed_project();
  } catch (const base::Error&) {
    // The lock says that the project is unsettled, so the next command sees to it.
  }
}

const GlobalOptions& Context::options() const noexcept {
  return parts_->options;
}
const std::string& Context::verb() const noexcept {
  return parts_->verb;
}
ui::Output& Context::out() noexcept {
  return parts_->out;
}
base::Clock& Context::clock() noexcept {
  return parts_->clock;
}
const adapters::Paths& Context::paths() const noexcept {
  return parts_->paths;
}

// ---- the compose file ----

loader::LoadOptions Context::load_options() const {
  const auto& o = parts_->options;
  auto load = loader::options_of_this_process();
  load.files = o.files;
  load.project_directory = o.project_directory.value_or("");
  load.project_name = o.project_name.value_or("");
  load.env_files = o.env_files;
  load.profiles = o.profiles;
  load.compatibility = o.compatibility;
  load.all_resources = o.all_resources;
  return load;
}

loader::LoadedProject Context::load(const loader::LoadOptions& options) {
  auto loaded = loader::load_project(options);
  for (const auto& warning : loaded.warnings) warn(warning);
  parts_->project_name = loaded.project.name;
  phase_done("load");
  return loaded;
}

const std::string& Context::project_name() {
  if (!parts_->project_name) {
    parts_->project_name = loader::find_project_name(load_options());
    phase_done("find the project");
  }
  return *parts_->project_name;
}

bool Context::has_files() {
  if (!parts_->has_files) {
    try {
      parts_->has_files = !loader::find_project_context(load_options()).files.empty();
    } catch (const base::Error&) {
      parts_->has_files = false;
    }
  }
  return *parts_->has_files;
}

// ---- the installation ----

adapters::State& Context::state() {
  if (!parts_->state) {
    if (::geteuid() != 0)
      base::fail(
          "compose needs root: it makes namespaces, networks and mounts itself; run it as root or with sudo");
    parts_->state = std::make_unique<adapters::State>(parts_->paths);
    phase_done("open the database");
  }
  return *parts_->state;
}

net::NetworkManager& Context::networks() {
  if (!parts_->networks) {
    parts_->networks = std::make_unique<net::NetworkManager>(state().database(), parts_->paths.run_root);
    parts_->networks->name_containers_with(name_of_container(state()));
  }
  return *parts_->networks;
}

net::PortPublisher& Context::ports() {
  if (!parts_->ports) {
    parts_->ports = std::make_unique<net::PortPublisher>(state().database(), parts_->paths.run_root);
    parts_->ports->name_containers_with(name_of_container(state()));
  }
  return *parts_->ports;
}

images::Store& Context::images() {
  if (!parts_->images)
    parts_->images = std::make_unique<images::Store>(state().database(), parts_->paths.images());
  return *parts_->images;
}

void Context::lock_project(const std::string& name) {
  lock_project(name, adapters::OnHolder::wait);
}

void Context::lock_project(const std::string& name, adapters::OnHolder on_holder) {
  if (parts_->lock || parts_->options.dry_run) return;
  static_cast<void>(state());
  const auto say = [](const std::string& text) { std::cerr << text << "; Ctrl-C gives up" << std::endl; };
  parts_->lock.emplace(
      parts_->paths,
      adapters::LockWish{.project = name, .verb = parts_->verb, .on_holder = on_holder, .say = say});
  parts_->locked_project = name;
  phase_done("lock");
  put_right();
}

bool Context::try_lock_project(const std::string& name) {
  if (parts_->lock) return true;
  const auto say = [](const std::string& text) { std::cerr << text << std::endl; };
  const adapters::LockWish wish{.project = name, .verb = parts_->verb, .say = say};
  parts_->lock = adapters::ProjectLock::try_take(parts_->paths, wish);
  if (!parts_->lock) {
    if (!parts_->lock_wait) parts_->lock_wait.emplace(parts_->paths, wish);
    parts_->lock_wait->look();
    return false;
  }
  parts_->lock_wait.reset();
  parts_->locked_project = name;
  put_right();
  return true;
}

void Context::put_right() {
  const auto& name = parts_->locked_project;
  const bool may_need_repair =
      parts_->lock->follows_unsettled() ||
      (parts_->lock->is_first() && (has_parts(name) || !state().volumes(name).empty()));
  if (!may_need_repair) return;
  for (const auto& failure : adapters::repair_project({state(), networks(), ports(), parts_->paths}, name)) {
    warn(base::text("an earlier command on project \"{}\" was cut short: {}", name, failure));
    parts_->lock->keep_unsettled();
  }
  phase_done("repair");
}

bool Context::has_parts(const std::string& project) {
  return !state().containers(project).empty() || !networks().list_of_project(project).empty();
}

// Where nothing is left of the project, nothing of it is left in the run root either.
void Context::unlock_project() {
  if (parts_->networks) parts_->networks->settle();
  if (!parts_->lock) return;
  if (has_parts(parts_->locked_project))
    parts_->lock->settle();
  else
    remove_lock();
  parts_->lock.reset();
}

// What a command that failed made stays unsettled, if there is anything.
void Context::unlock_failed_project() {
  if (!parts_->lock) return;
  if (!has_parts(parts_->locked_project)) remove_lock();
  parts_->lock.reset();
}

// The last project takes the run root away.
void Context::remove_lock() {
  parts_->lock->settle_and_remove();
  for (const auto& directory : {parts_->paths.locks(), parts_->paths.run_root}) ::rmdir(directory.c_str());
}

int Context::lock_descriptor() {
  return parts_->lock ? parts_->lock->fd() : -1;
}

int Context::end_requests() {
  return parts_->lock ? parts_->lock->requests().fd() : -1;
}

std::optional<std::string> Context::take_end_request() {
  return parts_->lock ? parts_->lock->requests().take() : std::nullopt;
}

// ---- what a person sees ----

void Context::show_progress_as(ProgressMode mode) {
  parts_->options.progress = mode;
}

ui::ProgressView& Context::progress() {
  if (parts_->progress) return *parts_->progress;
  const auto& o = parts_->options;
  const bool to_stdout = base::sys::environment("COMPOSE_STATUS_STDOUT").value_or("0") == "1";
  const ui::ProgressSettings settings{.fd = to_stdout ? STDOUT_FILENO : STDERR_FILENO,
                                      .verb = parts_->verb,
                                      .colour = o.ansi != Ansi::never,
                                      .dry_run = o.dry_run};
  auto mode = o.progress;
  if (mode == ProgressMode::automatic)
    mode = o.ansi != Ansi::never && ui::is_terminal(settings.fd) ? ProgressMode::tty : ProgressMode::plain;
  switch (mode) {
    case ProgressMode::tty:
      parts_->progress = ui::make_tty_progress(settings, parts_->clock);
      break;
    case ProgressMode::json:
      parts_->progress = ui::make_json_progress(settings);
      break;
    case ProgressMode::quiet:
      parts_->progress = ui::make_quiet_progress();
      break;
    default:
      parts_->progress = ui::make_plain_progress(settings);
  }
  return *parts_->progress;
}

void Context::silence_progress() {
  parts_->progress = ui::make_quiet_progress();
}

void Context::say_of_dry_run(const std::string& what) {
  out().line("DRY-RUN MODE - " + what);
}

void Context::warn(const std::string& message) {
  const auto time = base::format_time(parts_->clock.wall());
  std::string quoted;
  for (const char c : ui::printable(message))
    quoted += c == '"' || c == '\\' ? std::string{'\\', c} : c == '\n' ? "\\n" : std::string{c};
  std::cerr << base::text("time=\"{}Z\" level=warning msg=\"{}\"", time.substr(0, 19), quoted) << std::endl;
}

bool Context::colours(int fd) const {
  const auto ansi = parts_->options.ansi;
  return ansi == Ansi::always || (ansi == Ansi::automatic && ui::is_terminal(fd));
}

bool Context::ask(const std::string& question) {
  std::cerr << question << " [y/N] " << std::flush;
  const auto answer = read_answer();
  if (!answer) std::cerr << std::endl;
  return answer == "y" || answer == "Y" || answer == "yes";
}

// Byte by byte, so that what comes after the line is left for whoever reads next. nullopt: there is no line.
// Nobody answers for hours, maybe: meanwhile other commands may have this one end.
std::optional<std::string> Context::read_answer() {
  std::string line;
  for (;;) {
    std::array<pollfd, 2> waiting{
        {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = end_requests(), .events = POLLIN}}};
    base::check(base::retry_eintr([&] { return ::poll(waiting.data(), waiting.size(), -1); }),
                "wait for an answer");
    if (const auto who = waiting[1].revents != 0 ? take_end_request() : std::nullopt) {
      std::cerr << std::endl;
      throw EndedByOther{*who};
    }
    if (waiting[0].revents == 0) continue;
    char byte = 0;
    if (base::sys::read_some(STDIN_FILENO, {&byte, 1}) == 0)
      return line.empty() ? std::nullopt : std::optional{line};
    if (byte == '\n') return line;
    line += byte;
  }
}

void Context::phase_done(const char* name) {
  const auto now = parts_->clock.monotonic();
  parts_->phases.emplace_back(name, now - parts_->phase_began);
  parts_->phase_began = now;
}

void Context::finish() {
  if (parts_->progress) parts_->progress->finish();
  unlock_project();
  if (!parts_->options.timings) return;
  phase_done("rest");
  parts_->out.flush();
  for (const auto& [name, took] : parts_->phases) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    std::cerr << base::text("{} us  {}\n", microseconds, name);
  }
}

}  // namespace compose::cli
