#pragma once
// Images from the store to registries. What the registry has is not sent; what another repository of the same
// registry has is mounted from there. An image that was pulled goes out with the manifest it came with, so
// that its digest stays what it was.
#include <string>
#include <vector>

#include "images/registry/settings.hpp"
#include "images/registry/transfer_progress.hpp"
#include "images/store.hpp"

namespace compose::images {

struct PushOutcome {
  std::string reference;  // as it was asked for
  std::string digest;     // of the manifest in the registry; "" when it failed
  std::string error;      // "push 'shop-web': ..."
};

std::vector<PushOutcome> push_images(Store& store, const RegistrySettings& settings,
                                     const std::vector<std::string>& references, TransferProgress& progress);

}  // namespace compose::images
