#pragma once
// Images from registries into the store. Manifests are asked for and layers fetched in processes of their
// own, several at a time; each layer is unpacked while it is still being downloaded, and each is fetched once
// however many images share it. What this process does itself is to decide, to write rows and to tell.
//
// A failed image leaves nothing behind; the others go on.
#include <cstdint>
#include <string>
#include <vector>

#include "images/registry/settings.hpp"
#include "images/registry/transfer_progress.hpp"
#include "images/store.hpp"

namespace compose::images {

struct PullRequest {
  std::string reference;
  std::string platform;  // "": this machine's
};

struct PullOutcome {
  std::string reference;  // as it was asked for
  std::string id;         // of the image; "" when it failed
  bool changed = false;   // the name means another image than before, or is new
  std::string error;      // "pull 'nginx': ..."; "" when it went well
};

// In the order of the requests.
std::vector<PullOutcome> pull_images(Store& store, const RegistrySettings& settings,
                                     const std::vector<PullRequest>& requests, TransferProgress& progress);

// One image; failure is an Error.
void pull_image(Store& store, const RegistrySettings& settings, const PullRequest& request,
                TransferProgress& progress);

// The digest that a name has in its registry now. Error when the registry cannot be asked or does not know.
[[nodiscard]] std::string registry_digest(const RegistrySettings& settings, const std::string& reference);

}  // namespace compose::images
