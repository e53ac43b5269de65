#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "images/build/build.hpp"
#include "images/build/build_state.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/stage_builder.hpp"
#include "images/platform.hpp"

namespace compose::images {
namespace {

using base::fail;

std::map<std::string, std::string> predefined_arguments(const std::string& platform) {
  const auto architecture = own_platform().architecture;
  const auto own = own_platform().text();
  if (!platform.empty() && platform != own && platform != own + "/v8")
    fail("platform '{}': only {} can be built on this machine", platform, own);
  return {{"TARGETPLATFORM", own}, {"TARGETOS", "linux"}, {"TARGETARCH", architecture}, {"TARGETVARIANT", ""},
          {"BUILDPLATFORM", own},  {"BUILDOS", "linux"},  {"BUILDARCH", architecture},  {"BUILDVARIANT", ""}};
}

Dockerfile read_dockerfile(const BuildRequest& request) {
  if (request.dockerfile_inline) return parse_dockerfile(*request.dockerfile_inline, "dockerfile_inline");
  const base::HostPath path{base::absolute_path(request.dockerfile, request.context.str())};
  const auto text = base::read_file_if_exists(path, k_max_dockerfile);
  if (!text) fail("there is no '{}' to build from", path.str());
  return parse_dockerfile(*text, request.dockerfile.starts_with('/') ? path.name() : request.dockerfile);
}

// Arguments that may be given without an ARG that declares them.
bool needs_no_declaration(const std::string& name) {
  static constexpr std::string_view known[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                               "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy",
                                               "ALL_PROXY",  "all_proxy"};
  return std::ranges::find(known, name) != std::end(known) || name.starts_with("BUILDKIT_");
}

void warn(BuildSession& session) {
  for (const auto& warning : session.dockerfile.warnings) session.progress.warning(warning);
  for (const auto& [name, value] : session.request.arguments)
    if (!session.plan.declared_arguments.contains(name) && !needs_no_declaration(name))
      session.progress.warning(base::text("build argument '{}' is not declared by any ARG", name));
}

std::vector<Reference> parsed_tags(const std::vector<std::string>& tags) {
  std::vector<Reference> references;
  for (const auto& tag : tags) references.push_back(parse_reference(tag));
  return references;
}

void open_imports(BuildSession& session) {
  if (session.request.no_cache) return;
  for (const auto& text : session.request.cache_from) {
    try {
      const auto location = parse_cache_location(text);
      if (!location) fail("this type of cache is not known here: only local and registry");
      session.imports.push_back(std::make_unique<CacheImport>(session.store, *location));
    } catch (const base::Error& e) {
      session.progress.warning(base::text("cache_from '{}': {}", text, e.what()));
    }
  }
}

void write_exports(BuildSession& session) {
  for (const auto& text : session.request.cache_to)
    base::with_context(base::text("cache_to '{}'", text), [&] {
      const auto location = parse_cache_location(text);
      if (location) return export_cache(session.store, *location, session.used);
      session.progress.warning(
          base::text("cache_to '{}': this type of cache is not known here: only local and registry", text));
    });
}

std::string commit(BuildSession& session, const std::vector<Reference>& references) {
  auto document = session.results[session.plan.target]->document;
  for (const auto& [name, value] : session.request.labels) document.config.labels[name] = value;
  if (document.created.empty()) document.created = "1970-01-01T00:00:00Z";  // nothing in it has a time
  for (auto& entry : document.history)
    if (entry.created.empty()) entry.created = "1970-01-01T00:00:00Z";
  return session.store.commit(format_image_document(document), references);
}

}  // namespace

BuildResult build_image(Store& store, const BuildRequest& request, StepRunner& runner,
                        BuildProgress& progress) {
  const auto references = parsed_tags(request.tags);
  BuildSession session{.store = store,
                       .request = request,
                       .runner = runner,
                       .progress = progress,
                       .dockerfile = read_dockerfile(request),
                       .plan = {},
                       .predefined = predefined_arguments(request.platform),
                       .cache = BuildCache{store.database()}};
  session.plan = plan_stages(session.dockerfile, request.arguments, session.predefined, request.target);
  session.results.resize(session.plan.stages.size());
  warn(session);
  const auto lease = store.layers().lease();
  open_imports(session);
  for (const auto index : session.plan.needed)
    session.results[index] = StageBuilder{session, session.plan.stages[index]}.run();
  BuildResult result{
      .image_id = commit(session, references), .steps = session.steps, .cached = session.cached};
  for (const auto& [from, digests] : session.digests) digests->save();
  write_exports(session);
  return result;
}

}  // namespace compose::images
