#include "runtime-shim/spec/status_codec.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/wire.hpp"

namespace compose::rt {

std::string encode_status(const ContainerStatus& status) {
  base::WireWriter w;
  w.put(k_status_version);
  w.put(status);
  w.put(status.stopping);
  return w.take();
}

ContainerStatus decode_status(std::string_view bytes) {
  base::WireReader r{bytes};
  std::uint32_t version = 0;
  r.get(version);
  if (version == 0 || version > k_status_version)
    base::fail("a container status of version {} is not understood", version);
  ContainerStatus status;
  r.get(status);
  if (version >= 2) r.get(status.stopping);
  r.expect_end();
  if (status.state > ContainerState::dead || status.health > Health::unhealthy)
    base::fail("a container status is damaged");
  return status;
}

bool run_directory_is_alive(const base::HostPath& run_directory) {
  // Read-only: whoever waits for this file to be closed after writing waits for the shim, not for us.
  const auto file = base::sys::open_if_exists(run_directory / "alive", O_RDONLY);
  if (!file) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  base::check(::fcntl(file->get(), F_OFD_GETLK, &lock), "ask for the lock of '{}'", run_directory.str());
  return lock.l_type != F_UNLCK;
}

std::optional<ContainerStatus> read_status_file(const base::HostPath& run_directory) {
  const auto bytes = base::read_file_if_exists(run_directory / "status", 1U << 20U);
  if (!bytes) return std::nullopt;
  return base::with_context(base::text("read '{}/status'", run_directory.str()),
                            [&] { return decode_status(*bytes); });
}

}  // namespace compose::rt
