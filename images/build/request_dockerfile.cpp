#include "images/build/request_dockerfile.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "images/build/dockerfile_lexer.hpp"

namespace compose::images {
namespace {

std::optional<ImageConfig> known_config(const Store& store, const std::string& reference) {
  try {
    const auto image = store.resolve(reference);
    if (!image) return std::nullopt;
    return parse_image_document(store.config_json(image->id)).config;
  } catch (const base::Error&) {
    return std::nullopt;  // the build says what is wrong with it
  }
}

}  // namespace

std::string read_dockerfile(const base::HostPath& path) {
  auto text = base::read_file_if_exists(path, k_max_dockerfile);
  if (!text) base::fail("there is no '{}' to build from", path.str());
  return std::move(*text);
}

std::string dockerfile_name(const BuildRequest& request) {
  return request.dockerfile.starts_with('/') ? base::HostPath{request.dockerfile}.name() : request.dockerfile;
}

CheckSurroundings surroundings_of(const Store& store, const BuildRequest& request, const StagePlan& plan,
                                  const std::map<std::string, std::string>& predefined) {
  return {.arguments = request.arguments,
          .predefined = predefined,
          .base = [&](const std::string& image) -> std::optional<ImageConfig> {
            if (request.named_contexts.contains(image)) return std::nullopt;
            return known_config(store, image);
          },
          .needed = plan.needed};
}

}  // namespace compose::images
