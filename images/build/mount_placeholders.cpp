#include "images/build/mount_placeholders.hpp"

#include <array>
#include <fcntl.h>

#include "base/sys.hpp"
#include "base/sys_at.hpp"

namespace compose::images {
namespace {

constexpr std::array<std::string_view, 6> k_everywhere{"proc",      "sys",          "dev",
                                                       "etc/hosts", "etc/hostname", "etc/resolv.conf"};

bool is_empty_placeholder(int directory, const std::string& name, const struct ::stat& status) {
  if (S_ISREG(status.st_mode)) return status.st_size == 0;
  if (!S_ISDIR(status.st_mode)) return false;
  return base::sys::list_at(base::sys::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).get())
      .empty();
}

void remove_placeholder(const base::HostPath& upper, const RootView& below, const std::string& path) {
  if (below.stat(path)) return;
  const auto slash = path.rfind('/');
  const auto parent = slash == std::string::npos ? std::string{} : path.substr(0, slash);
  const auto name = path.substr(slash + 1);
  const RootView inside{base::sys::open(upper, O_PATH | O_DIRECTORY)};
  if (inside.resolve(parent) != parent || !inside.stat(path)) return;
  const auto directory = inside.open(parent, O_PATH | O_DIRECTORY);
  const auto status = base::sys::stat_at_if_exists(directory.get(), name);
  if (!status || !is_empty_placeholder(directory.get(), name, *status)) return;
  base::sys::remove_tree_at(directory.get(), name);
  if (!parent.empty()) remove_placeholder(upper, below, parent);
}

}  // namespace

void remove_placeholders(const base::HostPath& upper, const RootView& below,
                         const std::vector<std::string>& targets) {
  for (const auto& path : k_everywhere) remove_placeholder(upper, below, std::string{path});
  for (const auto& target : targets) remove_placeholder(upper, below, below.resolve(target));
}

}  // namespace compose::images
