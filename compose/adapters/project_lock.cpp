#include "compose/adapters/project_lock.hpp"

#include <functional>
#include <unistd.h>

#include "base/sys.hpp"
#include "base/text.hpp"

namespace compose::adapters {
namespace {

constexpr std::string_view k_settled = "settled";
constexpr auto k_silence = std::chrono::milliseconds{100};  // waits that are shorter are not worth a word
constexpr auto k_patience = std::chrono::seconds{2};        // for a holder that was to end

base::HostPath lock_of(const Paths& paths, const std::string& project) {
  return paths.locks() / project;
}

// No project has a name with a dot. A long one is cut: the address of a socket is short.
base::HostPath socket_of(const Paths& paths, const std::string& project) {
  constexpr std::size_t k_longest = 60;
  if (project.size() <= k_longest) return paths.locks() / (project + ".holder");
  return paths.locks() /
         base::text("{}.{}.holder", project.substr(0, k_longest - 25), std::hash<std::string>{}(project));
}

std::string own_name(const LockWish& wish) {
  return base::text("\"compose {}\" (pid {})", wish.verb, ::getpid());
}

std::string name_of_holder(const base::HostPath& lock) {
  const auto note = base::LockFile::note_of_holder(lock);
  return note.empty() || note == k_settled ? std::string{"another command"} : note;
}

base::LockFile wait_for(const Paths& paths, const LockWish& wish) {
  const auto file = lock_of(paths, wish.project);
  if (auto lock = base::LockFile::try_acquire(file)) return std::move(*lock);
  LockWait wait{paths, wish};
  wait.look();
  return base::LockFile::acquire(file, LockWait::k_every, [&] { wait.look(); });
}

}  // namespace

LockWait::LockWait(const Paths& paths, const LockWish& wish)
    : lock_(lock_of(paths, wish.project)), socket_(socket_of(paths, wish.project)), wish_(wish) {}

// The holder may be another one each time.
void LockWait::look() {
  const auto waited = Clock::now() - began_;
  if (holder_ && !holder_->is_there()) holder_.reset();
  const bool asks = wish_.on_holder == OnHolder::end_it;
  if (!holder_ && (asks || waited >= k_silence)) {
    holder_ = LockHolder::reach(socket_);
    if (holder_ && asks) holder_->ask_to_end(own_name(wish_));
  }
  if (waited >= k_silence && !said_) say_for_whom();
  if (waited >= k_patience && !said_stopped_) say_if_stopped();
}

// Without a holder that can be reached the lock is with the launcher of one that was killed.
void LockWait::say_for_whom() {
  said_ = true;
  const auto name = name_of_holder(lock_);
  if (!holder_)
    wish_.say(base::text("waiting for what {} had begun on project \"{}\"", name, wish_.project));
  else if (wish_.on_holder == OnHolder::end_it)
    wish_.say(base::text("waiting for the end of {} on project \"{}\"", name, wish_.project));
  else
    wish_.say(base::text("waiting for {} on project \"{}\"", name, wish_.project));
}

void LockWait::say_if_stopped() {
  if (!holder_ || !holder_->is_stopped()) return;
  said_stopped_ = true;
  wish_.say(base::text("{} is stopped by a signal, and goes on when it is told to: kill -CONT {}",
                       name_of_holder(lock_), holder_->pid()));
}

ProjectLock::ProjectLock(const Paths& paths, const LockWish& wish, base::LockFile file)
    : file_(std::move(file)),
      before_(before(file_.note())),
      requests_(std::make_unique<LockRequests>(socket_of(paths, wish.project))) {
  file_.set_note(own_name(wish));
}

ProjectLock::ProjectLock(const Paths& paths, const LockWish& wish)
    : ProjectLock(paths, wish, wait_for(paths, wish)) {}

std::optional<ProjectLock> ProjectLock::try_take(const Paths& paths, const LockWish& wish) {
  auto file = base::LockFile::try_acquire(lock_of(paths, wish.project));
  if (!file) return std::nullopt;
  return ProjectLock{paths, wish, std::move(*file)};
}

ProjectLock::Before ProjectLock::before(const std::string& note) {
  if (note.empty()) return Before::nobody;
  return note == k_settled ? Before::settled : Before::unsettled;
}

bool ProjectLock::is_held(const Paths& paths, const std::string& project) {
  const auto file = lock_of(paths, project);
  // The note spares trying the lock, and with it whoever comes at this moment the news of a holder.
  const auto note = before(base::LockFile::note_of_holder(file));
  return note == Before::unsettled && base::LockFile::is_held(file);
}

// The socket goes first: after the lock is free it may be the next one's.
void ProjectLock::settle() {
  requests_.reset();
  if (!keep_unsettled_) file_.set_note(k_settled);
  file_.release();
}

void ProjectLock::settle_and_remove() {
  if (keep_unsettled_) return settle();
  requests_.reset();
  file_.remove();
}

}  // namespace compose::adapters
