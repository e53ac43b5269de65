#include "compose/cli/build_check.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "compose/cli/context.hpp"
#include "images/build/dockerfile_check.hpp"
#include "images/build/named_context.hpp"
#include "images/build/stage_plan.hpp"

namespace compose::cli {
namespace {

images::Dockerfile dockerfile_of(const model::Service& service) {
  const auto& build = *service.build;
  if (!build.dockerfile_inline.empty())
    return images::parse_dockerfile(build.dockerfile_inline, "dockerfile_inline");
  if (images::parse_context(build.context).is_remote())
    base::fail("the Dockerfile is in '{}', which is only fetched to build", build.context);
  const auto& name = build.dockerfile.empty() ? std::string{"Dockerfile"} : build.dockerfile;
  const base::HostPath path{base::absolute_path(name, build.context)};
  const auto text = base::read_file_if_exists(path);
  if (!text) base::fail("there is no '{}' to build from", path.str());
  return images::parse_dockerfile(*text, name.starts_with('/') ? path.name() : name);
}

}  // namespace

int check_builds(Context& context, const model::Project& project, const std::vector<std::string>& names,
                 const BuildOptions& options) {
  std::size_t count = 0;
  std::string found;
  for (const auto& name : names)
    base::with_context(base::text("service \"{}\": build", name), [&] {
      const auto& service = project.services.at(name);
      const auto dockerfile = dockerfile_of(service);
      const auto request = build_request_of(project, service, options);
      (void)images::plan_stages(dockerfile, request.arguments, images::predefined_arguments(request.platform),
                                request.target);
      for (const auto& finding : images::check_dockerfile(dockerfile)) {
        ++count;
        found += base::text("\nWARNING: {}\n{}\n{}: {}:{}\n    {}\n", finding.rule, finding.message, name,
                            dockerfile.name, finding.line,
                            dockerfile.source.at(static_cast<std::size_t>(finding.line) - 1));
      }
    });
  if (count == 0) {
    context.out().line("Check complete, no warnings found.");
    return 0;
  }
  context.out().line(
      base::text("Check complete, {} {} been found!", count, count == 1 ? "warning has" : "warnings have"));
  context.out().write(found);
  return 1;
}

}  // namespace compose::cli
