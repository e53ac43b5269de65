#pragma once
// Phase: every short syntax becomes the long one, so that later phases know one form of everything. A string
// that does not parse is reported and its node marked broken; a value of the wrong kind is left for the
// reader of the model.
#include "compose/loader/node.hpp"

namespace compose::loader {

struct CanonicalOptions {
  bool lenient = false;  // variables are not replaced: text that does not parse stays as it is
};

void make_canonical(Node& document, const CanonicalOptions& options, Diagnostics& diagnostics);

}  // namespace compose::loader
