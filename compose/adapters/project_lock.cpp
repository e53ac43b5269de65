#include "compose/adapters/project_lock.hpp"

#include <unistd.h>

#include "base/sys.hpp"
#include "base/text.hpp"

namespace compose::adapters {

base::LockFile lock_project(const Paths& paths, const std::string& project, const std::string& verb,
                            const std::function<void(const std::string&)>& waiting) {
  const auto file = paths.locks() / project;
  base::sys::make_directories(paths.locks(), 0711);
  auto lock = base::LockFile::try_acquire(file);
  if (!lock) {
    const auto holder = base::LockFile::note_of_holder(file);
    waiting(base::text("waiting for {} on project \"{}\"",
                       holder.empty() ? std::string{"another command"} : holder, project));
    lock = base::LockFile::acquire(file);
  }
  lock->set_note(base::text("\"compose {}\" (pid {})", verb, ::getpid()));
  return std::move(*lock);
}

}  // namespace compose::adapters
