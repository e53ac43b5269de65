#include "images/build/request_check.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "images/build/build_state.hpp"
#include "images/build/request_dockerfile.hpp"

namespace compose::images {
namespace {

Dockerfile local_dockerfile(const BuildRequest& request) {
  if (request.dockerfile_inline) return parse_dockerfile(*request.dockerfile_inline, "dockerfile_inline");
  if (parse_context(request.context).is_remote())
    base::fail("the Dockerfile is in '{}', which is only fetched to build", request.context);
  const base::HostPath path{base::absolute_path(request.dockerfile, request.context)};
  return parse_dockerfile(read_dockerfile(path), dockerfile_name(request));
}

}  // namespace

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
