#include "images/build/request_check.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "images/build/build_state.hpp"
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

Dockerfile local_dockerfile(const BuildRequest& request) {
  if (request.dockerfile_inline) return parse_dockerfile(*request.dockerfile_inline, "dockerfile_inline");
  if (parse_context(request.context).is_remote())
    base::fail("the Dockerfile is in '{}', which is only fetched to build", request.context);
  const base::HostPath path{base::absolute_path(request.dockerfile, request.context)};
  return parse_dockerfile(read_dockerfile(path), dockerfile_name(request));
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

CheckedRequest check_request(const Store& store, const BuildRequest& request) {
  CheckedRequest checked{.dockerfile = local_dockerfile(request), .report = {}};
  const auto predefined = predefined_arguments(request.platform);
  const auto plan = plan_stages(checked.dockerfile, request.arguments, predefined, request.target);
  auto surroundings = surroundings_of(store, request, plan, predefined);
  surroundings.needed = std::nullopt;
  const base::HostPath context{request.context};
  if (!request.context.empty() && !parse_context(request.context).is_remote() &&
      base::sys::stat_if_exists(context))
    surroundings.ignored =
        context_ignore_rules(request, context, RootView{base::sys::open(context, O_PATH | O_DIRECTORY)});
  checked.report = check_dockerfile(checked.dockerfile, surroundings);
  return checked;
}

}  // namespace compose::images
