#pragma once
// `build --check`: what check_dockerfile() finds in the Dockerfile of a request, with what is known here of
// its context and of images.
#include "images/build/build.hpp"
#include "images/build/dockerfile_check.hpp"

namespace compose::images {

struct CheckedRequest {
  Dockerfile dockerfile;
  CheckReport report;
};

// Fetches nothing and builds nothing: of images that are not in the store, and of contexts that are not
// directories, nothing is known. Error: it could not be built, as far as its Dockerfile tells.
[[nodiscard]] CheckedRequest check_request(const Store& store, const BuildRequest& request);

}  // namespace compose::images
