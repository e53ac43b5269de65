// Where COPY, ADD and RUN --mount=type=bind take files from.
#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/build/build_state.hpp"

namespace compose::images {
namespace {

constexpr std::string_view k_image_context = "docker-image://";
constexpr std::size_t k_max_ignore_file = 1U << 20U;

// "<Dockerfile>.dockerignore" beside the Dockerfile wins over ".dockerignore" of the context.
IgnoreRules ignore_rules(const BuildSession& session, const base::HostPath& context, bool is_main) {
  if (is_main && !session.request.dockerfile_inline) {
    const base::HostPath own{base::absolute_path(session.request.dockerfile, context.str()) +
                             ".dockerignore"};
    if (const auto text = base::read_file_if_exists(own, k_max_ignore_file))
      return IgnoreRules{*text, own.name()};
  }
  const auto text = base::read_file_if_exists(context / ".dockerignore", k_max_ignore_file);
  return text ? IgnoreRules{*text, ".dockerignore"} : IgnoreRules{};
}

std::unique_ptr<SourceTree> directory_source(BuildSession& session, const base::HostPath& directory,
                                             const std::string& from) {
  auto& digests = session.digests[from];
  digests = std::make_unique<FileDigests>(session.store.database(), directory.str());
  const bool is_main = from.empty();
  const auto name = is_main ? std::string{"the build context"} : base::text("the context '{}'", from);
  return std::make_unique<SourceTree>(RootView{base::sys::open(directory, O_PATH | O_DIRECTORY)}, name,
                                      ignore_rules(session, directory, is_main), digests.get());
}

const std::string* named_context(const BuildSession& session, const std::string& from) {
  const auto found = session.request.named_contexts.find(from);
  return found == session.request.named_contexts.end() ? nullptr : &found->second;
}

std::string image_reference(const BuildSession& session, const std::string& from) {
  const auto* named = named_context(session, from);
  return named != nullptr ? named->substr(k_image_context.size()) : from;
}

bool is_directory_source(const BuildSession& session, const std::string& from) {
  if (from.empty()) return true;
  const auto* named = named_context(session, from);
  return named != nullptr && !named->starts_with(k_image_context);
}

std::vector<std::string> image_layers(BuildSession& session, const std::string& reference) {
  const auto image = base_image(session, reference);
  return parse_image_document(session.store.config_json(image.id)).diff_ids;
}

}  // namespace

Image base_image(BuildSession& session, const std::string& reference) {
  const auto& request = session.request;
  const bool is_id = reference.starts_with("sha256:");
  if (request.fetch && !is_id && (request.pull || !session.store.resolve(reference)) &&
      session.fetched.insert(reference).second)
    request.fetch(reference);
  return session.store.require(reference);
}

std::optional<std::vector<std::string>> source_identity(BuildSession& session, const std::string& from,
                                                        std::size_t stage) {
  if (is_directory_source(session, from)) return std::nullopt;
  if (const auto index = find_stage(session.plan.stages, from, stage))
    return session.results[*index]->document.diff_ids;
  return image_layers(session, image_reference(session, from));
}

Source open_source(BuildSession& session, const std::string& from, std::size_t stage) {
  const auto identity = source_identity(session, from, stage);
  auto& tree = session.sources[from];
  if (!tree && identity) {
    tree = std::make_unique<SourceTree>(RootView{session.store.layers().directories_of(*identity)},
                                        base::text("'{}'", from), IgnoreRules{}, nullptr);
  } else if (!tree) {
    const auto* named = named_context(session, from);
    const auto directory = named != nullptr ? base::HostPath{*named} : session.request.context;
    if (directory.empty()) base::fail("there is no build context to copy from");
    tree = directory_source(session, directory, from);
  }
  return {.tree = tree.get(), .identity = identity.value_or(std::vector<std::string>{})};
}

}  // namespace compose::images
