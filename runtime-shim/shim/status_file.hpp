#pragma once
// The shim's side of /run/compose/<id>: the directory, the lock that says "alive", the status renamed into
// place. When somebody removes the directory, the container goes on; it only cannot be asked any more.
#include "base/unique_fd.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::rt {

class RunDirectory {
 public:
  // Makes the directory, mode 0700. Error: another shim of this container is alive.
  RunDirectory(const HostPath& run_root, const ContainerId& id);

  void write_status(const ContainerStatus& status) const noexcept;
  // A small file in it, replaced: resolv.conf and the like.
  void write_file(const std::string& name, std::string_view content, mode_t mode, uid_t uid = 0,
                  gid_t gid = 0) const;
  void make_directory(const std::string& name) const;
  // A listening socket, mode 0600. The path may be longer than a socket address takes.
  [[nodiscard]] base::UniqueFd listen(const std::string& name) const;
  void remove(const std::string& name) const noexcept;
  void remove_all() const;  // itself too

  [[nodiscard]] const HostPath& path() const noexcept { return path_; }

 private:
  HostPath path_;
  base::UniqueFd directory_;
  base::UniqueFd alive_;
};

}  // namespace compose::rt
