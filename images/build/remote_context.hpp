#pragma once
// Build contexts that are somewhere else: git repositories, archives and single Dockerfiles behind an
// address. Internal to images/build.
#include <string>

#include "base/path.hpp"
#include "base/record.hpp"
#include "images/build/git_source.hpp"
#include "images/build/named_context.hpp"

namespace compose::images {

struct FetchedContext {
  std::string directory;  // empty: what is there is a Dockerfile alone
  std::string dockerfile;
  static constexpr auto fields() {
    return std::tuple{base::field("directory", &FetchedContext::directory),
                      base::field("dockerfile", &FetchedContext::dockerfile)};
  }
};

// Into `directory`, which is empty. Runs in a worker.
FetchedContext fetch_context(const NamedContext& context, const base::HostPath& directory,
                             bool keep_git_directory, const GitAccess& access);

// "directory[:tag][@digest]" of an image in an OCI layout.
struct LayoutImage {
  std::string directory;
  std::string tag;
  std::string digest;
  bool operator==(const LayoutImage&) const = default;
};
[[nodiscard]] LayoutImage parse_layout_image(const std::string& place);

}  // namespace compose::images
