#include "compose/cli/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/cli/arguments.hpp"
#include "compose/ui/style.hpp"

namespace compose::cli {

base::HostPath path_of(const std::string& word) {
  return base::HostPath{base::absolute_path(word, base::sys::current_directory())};
}

void write_output(const std::optional<std::string>& output, const std::function<void(int fd)>& write) {
  if (!output) {
    if (ui::is_terminal(STDOUT_FILENO))
      throw UsageError("standard output is a terminal: name a file with --output");
    return write(STDOUT_FILENO);
  }
  const auto path = path_of(*output);
  const auto status = base::sys::stat_if_exists(path);
  if (status && !S_ISREG(status->st_mode)) return write(base::sys::open(path, O_WRONLY).get());
  const base::HostPath aside{path.str() + ".part"};
  try {
    write(base::sys::open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0600).get());
  } catch (const base::Error&) {
    base::sys::remove_file_if_present(aside);
    throw;
  }
  base::sys::rename(aside, path);
}

}  // namespace compose::cli
