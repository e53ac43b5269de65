#pragma once
// What is true about a container now. The status file is believed while its shim lives (OFD lock on `alive`);
// a container that is not `exited` and has no shim was lost: it is reported as exited, 137, with an
// error that says so.
#include <optional>

#include "runtime-shim/client/paths.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::rt {

// nullopt: it was never started since boot (no run directory).
std::optional<ContainerStatus> read_status(const RuntimePaths& paths, const ContainerId& id);

// Is there a shim? Asks the kernel, not a file.
bool shim_alive(const RuntimePaths& paths, const ContainerId& id);

// Is there one whose container has not ended for good? A shim that has written its last status is on its way
// out, though it still holds its lock.
bool shim_at_work(const RuntimePaths& paths, const ContainerId& id);

// A lost shim left something behind: true for a status that read_status had to correct. Remains::clean_up()
// puts it right.
bool was_lost(const ContainerStatus& status);

}  // namespace compose::rt
