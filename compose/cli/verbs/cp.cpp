#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/copy_words.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/output.hpp"
#include "compose/ui/progress.hpp"
#include "compose/ui/style.hpp"
#include "images/transfer/copy_files.hpp"
#include "runtime-shim/client/live_rootfs.hpp"
#include "runtime-shim/rootfs/still_rootfs.hpp"

namespace compose::cli {
namespace {

bool has_process(const Listed& container) {
  return is_running(container.status) && container.status.init_pid != 0;
}

// What is piped can be read once: for several containers it is kept meanwhile.
base::UniqueFd kept_input(const base::HostPath& directory) {
  auto file = base::sys::open(directory, O_TMPFILE | O_RDWR, 0600);
  std::vector<char> buffer(1U << 20U);
  for (auto n = base::sys::read_some(STDIN_FILENO, buffer); n > 0;
       n = base::sys::read_some(STDIN_FILENO, buffer))
    base::sys::write_all(file.get(), {buffer.data(), n});
  return file;
}

class CpVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--all", all_, "Take the containers of the run command into account too");
    a.flag("-a,--archive", archive_, "Keep owners, set-user-ID bits and devices (default: all is root's)");
    a.flag("-L,--follow-link", follow_link_, "Copy what SRC leads to where it is a symbolic link");
    a.value("--index", index_, "int", "Which replica (default: to all of them; from the first that runs)");
    a.words(words_, "SRC DEST", "One of them is SERVICE:PATH; - is a tar on standard input or output", 2, 2);
    a.examples(
        "  compose cp app.conf web:/etc/app.conf\n  compose cp web:/var/log ./logs\n"
        "  compose cp dist/. web:/srv\n  compose cp --index 2 web:/srv - | tar t\n");
  }

  int run(Context& context) override {
    from_ = parse_copy_word(words_.front());
    to_ = parse_copy_word(words_.back());
    check_copy_words(from_, to_);
    if (to_.is_tar() && ui::is_terminal(STDOUT_FILENO))
      throw UsageError("standard output is a terminal: redirect it, or name where to copy to");
    if (from_.is_tar() && ui::is_terminal(STDIN_FILENO))
      throw UsageError("standard input is a terminal: redirect it, or name what to copy");
    if (to_.is_tar()) context.silence_progress();
    auto containers = chosen(context);
    const bool locks = is_inwards() && !std::ranges::all_of(containers, has_process);
    // Whoever writes to the pipe may be a command that waits for the project.
    if (from_.is_tar() && (locks || containers.size() > 1) && !context.options().dry_run)
      input_ = kept_input(context.paths().data_root);
    if (locks) {
      // Nobody starts what does not run meanwhile.
      context.lock_project(context.project_name());
      containers = chosen(context);
    }
    std::string failures;
    for (const auto& container : containers)
      if (const auto failure = copy_one(context, container); !failure.empty())
        failures += (failures.empty() ? "" : "\n") + failure;
    context.progress().finish();
    for (const auto& warning : warnings_) context.warn(warning);
    if (!failures.empty()) throw base::Error(failures);
    return 0;
  }

 private:
  [[nodiscard]] bool is_inwards() const { return !to_.service.empty(); }

  std::vector<Listed> chosen(Context& context) const {
    const auto& service = is_inwards() ? to_.service : from_.service;
    auto containers = list_containers(context, context.project_name());
    check_services(context, containers, {service});
    std::erase_if(containers,
                  [&](const auto& c) { return c.record.service != service || (c.record.one_off && !all_); });
    const auto& one = choose_container(containers, service, index_);
    if (!is_inwards() || index_.value_or(0) != 0) return {one};
    return containers;
  }

  // What went wrong, or "".
  std::string copy_one(Context& context, const Listed& container) {
    const auto object = "Container " + container.record.name;
    const auto what = base::text("{} to {}", words_.front(), words_.back());
    auto& progress = context.progress();
    progress.update(object, sched::Progress::Phase::working, "Copying", what);
    try {
      if (!context.options().dry_run) base::with_context(doing(container), [&] { copy(context, container); });
    } catch (const base::Error& e) {
      if (const auto* of_system = dynamic_cast<const base::SysError*>(&e);
          to_.is_tar() && of_system != nullptr && of_system->code() == EPIPE)
        throw ui::ReaderGone{};
      progress.update(object, sched::Progress::Phase::error, "Error", "");
      return e.what();
    }
    progress.update(object, sched::Progress::Phase::done, "Copied", what);
    return "";
  }

  [[nodiscard]] std::string doing(const Listed& container) const {
    const auto mark = base::text(" ({})", container.record.name);
    return base::text("copy '{}'{} to '{}'{}", words_.front(), is_inwards() ? "" : mark, words_.back(),
                      is_inwards() ? mark : "");
  }

  void copy(Context& context, const Listed& container) {
    const auto theirs = open_files(context, container);
    const images::CopyOptions options{.archive = archive_,
                                      .follow_link = follow_link_,
                                      .closed = is_inwards() ? k_closed : std::vector<std::string>{}};
    const auto& word = is_inwards() ? to_ : from_;
    const images::CopyPlace inside{
        .root = theirs.get(), .written = word.path, .path = base::absolute_path(word.path, "/")};
    if (from_.is_tar()) return tell(images::copy_from_tar(rewound_input(), inside, options), container);
    if (to_.is_tar()) return tell(images::copy_to_tar(inside, STDOUT_FILENO, options), container);
    const auto ours = base::sys::open(base::HostPath{"/"}, O_PATH | O_DIRECTORY);
    const auto& path = is_inwards() ? from_.path : to_.path;
    const images::CopyPlace outside{.root = ours.get(),
                                    .written = path,
                                    .path = base::absolute_path(path, base::sys::current_directory())};
    tell(is_inwards() ? images::copy_files(outside, inside, options)
                      : images::copy_files(inside, outside, options),
         container);
  }

  [[nodiscard]] base::UniqueFd open_files(Context& context, const Listed& container) const {
    const auto& id = container.record.id;
    if (has_process(container)) return rt::open_live_tree(context.paths().runtime(), id);
    if (is_inwards() && is_running(container.status)) base::fail("the container is restarting");
    return rt::open_still_rootfs(context.state().spec(id),
                                 is_inwards() ? rt::StillAccess::write : rt::StillAccess::read);
  }

  [[nodiscard]] int rewound_input() const {
    if (!input_) return STDIN_FILENO;
    base::check(::lseek(input_.get(), 0, SEEK_SET), "read the archive again");
    return input_.get();
  }

  void tell(const images::CopyOutcome& outcome, const Listed& container) {
    for (const auto& file : outcome.unsteady)
      warnings_.push_back(base::text("'{}' shrank while it was read: its end is zeros", file));
    if (outcome.left_out > 0)
      warnings_.push_back(base::text("{}: left out {} devices or entries of /dev, /proc and /sys{}",
                                     container.record.name, outcome.left_out,
                                     archive_ ? "" : "; --archive copies devices"));
  }

  static inline const std::vector<std::string> k_closed{"dev", "proc", "sys"};

  bool all_ = false;
  bool archive_ = false;
  bool follow_link_ = false;
  std::optional<int> index_;
  std::vector<std::string> words_;
  CopyWord from_;
  CopyWord to_;
  base::UniqueFd input_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<Verb> make_cp() {
  return std::make_unique<CpVerb>();
}

}  // namespace compose::cli
