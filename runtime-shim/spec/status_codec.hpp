#pragma once
// The status file as bytes, and the question whether its writer lives. Used by the shim, which writes it and
// reads those of containers whose namespaces it shares, and by the client. Base only.
#include <optional>
#include <string>
#include <string_view>

#include "base/path.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::rt {

std::string encode_status(const ContainerStatus& status);
// Error: damaged, or written by a version that this one does not know.
ContainerStatus decode_status(std::string_view bytes);

// Does a shim hold the lock of this run directory? Asks the kernel.
bool run_directory_is_alive(const base::HostPath& run_directory);

// The file as it is, true or not. nullopt: none.
std::optional<ContainerStatus> read_status_file(const base::HostPath& run_directory);

}  // namespace compose::rt
