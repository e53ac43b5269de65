#include "compose/adapters/project_lock.hpp"

#include <unistd.h>

#include "base/sys.hpp"
#include "base/text.hpp"

namespace compose::adapters {
namespace {

constexpr std::string_view k_settled = "settled";

base::LockFile take(const Paths& paths, const std::string& project,
                    const std::function<void(const std::string&)>& waiting) {
  const auto file = paths.locks() / project;
  if (auto lock = base::LockFile::try_acquire(file)) return std::move(*lock);
  const auto holder = base::LockFile::note_of_holder(file);
  waiting(base::text("waiting for {} on project \"{}\"",
                     holder.empty() || holder == k_settled ? std::string{"another command"} : holder,
                     project));
  return base::LockFile::acquire(file);
}

}  // namespace

ProjectLock::ProjectLock(const Paths& paths, const std::string& project, const std::string& verb,
                         const std::function<void(const std::string&)>& waiting)
    : file_(take(paths, project, waiting)), before_(before(file_.note())) {
  file_.set_note(base::text("\"compose {}\" (pid {})", verb, ::getpid()));
}

ProjectLock::Before ProjectLock::before(const std::string& note) {
  if (note.empty()) return Before::nobody;
  return note == k_settled ? Before::settled : Before::unsettled;
}

void ProjectLock::settle() {
  if (!keep_unsettled_) file_.set_note(k_settled);
  file_.release();
}

void ProjectLock::settle_and_remove() {
  if (keep_unsettled_) return settle();
  file_.remove();
}

}  // namespace compose::adapters
