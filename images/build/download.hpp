#pragma once
// ADD of an address: the file behind it, downloaded into a directory of its own, so that it is copied like
// any other.
#include <string>

#include "base/path.hpp"

namespace compose::images {

// The name of the file that an address means. Error when there is none ("https://host/").
[[nodiscard]] std::string name_of_download(const std::string& address);

// Into `directory`/<name>, mode 0600, with the time the server says. Returns "sha256:..." of the content.
// Error when it is not `checksum` ("": whatever it is).
std::string download_file(const std::string& address, const std::string& checksum,
                          const base::HostPath& directory);

// The same for what need not have a name in its address. Returns the name it has in `directory`.
std::string download_context(const std::string& address, const base::HostPath& directory);

}  // namespace compose::images
