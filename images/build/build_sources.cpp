// Where FROM, COPY, ADD and RUN --mount take images and files from.
#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/text.hpp"
#include "images/build/build_state.hpp"
#include "images/build/dockerfile_lexer.hpp"

namespace compose::images {
namespace {

constexpr std::size_t k_max_ignore_file = 1U << 20U;

IgnoreRules rules_of_directory(const RootView& root) {
  const auto text = root.read_file(".dockerignore", k_max_ignore_file);
  return text ? IgnoreRules{*text, ".dockerignore"} : IgnoreRules{};
}

// "<Dockerfile>.dockerignore" wins. It lies wherever the Dockerfile does: in a context from elsewhere
// (`context` is empty then), or where the user says.
IgnoreRules rules_of_context(const BuildRequest& request, const base::HostPath& context,
                             const RootView& root) {
  if (request.dockerfile_inline) return rules_of_directory(root);
  const auto file = request.dockerfile + ".dockerignore";
  const auto text = context.empty()
                        ? root.read_file(file, k_max_ignore_file)
                        : base::read_file_if_exists(base::HostPath{base::absolute_path(file, context.str())},
                                                    k_max_ignore_file);
  return text ? IgnoreRules{*text, base::HostPath{file}.name()} : rules_of_directory(root);
}

std::unique_ptr<SourceTree> directory_source(BuildSession& session, const base::HostPath& directory,
                                             const std::string& from) {
  auto& digests = session.commons.digests[directory.str()];
  if (!digests)
    digests = std::make_unique<FileDigests>(session.store().database(), directory.str(),
                                            !session.fetched.contains(directory.str()));
  const bool is_main = from.empty();
  const auto name = is_main ? std::string{"the build context"} : base::text("the context '{}'", from);
  RootView root{base::sys::open(directory, O_PATH | O_DIRECTORY)};
  auto rules = !is_main                       ? rules_of_directory(root)
               : session.context_is_fetched() ? rules_of_context(session.request, base::HostPath{}, root)
                                              : rules_of_context(session.request, session.context, root);
  return std::make_unique<SourceTree>(std::move(root), name, std::move(rules), digests.get());
}

const NamedContext* named_context(const BuildSession& session, const std::string& from) {
  const auto found = session.named_contexts.find(from);
  return found == session.named_contexts.end() ? nullptr : &found->second;
}

bool is_directory_source(const BuildSession& session, const std::string& from) {
  if (from.empty()) return true;
  const auto* named = named_context(session, from);
  return named != nullptr && named->kind == ContextKind::directory;
}

// What a named context stands for, or else the name itself.
const std::string& reference_of(const BuildSession& session, const std::string& name) {
  const auto* named = named_context(session, name);
  return named != nullptr && named->kind == ContextKind::image ? named->place : name;
}

// Where no registry gives an image away, what cache_from has of it will do: its steps are those that follow.
// Its id, in this build only.
std::optional<std::string> base_from_cache(BuildSession& session, const std::string& reference) {
  const auto known = session.cached_bases.find(reference);
  if (known != session.cached_bases.end()) return known->second;
  for (const auto& import : session.imports) {
    try {
      const auto id = import->provide_base(reference);
      if (!id) continue;
      session.commons.progress.warning(base::text("'{}' is taken from cache_from", reference));
      return session.cached_bases[reference] = *id;
    } catch (const base::Error& e) {
      session.commons.progress.warning(base::text("cache_from: {}", e.what()));
    }
  }
  return std::nullopt;
}

}  // namespace

IgnoreRules context_ignore_rules(const BuildRequest& request, const base::HostPath& context,
                                 const RootView& root) {
  return rules_of_context(request, context, root);
}

GitAccess git_access_of(const BuildRequest& request, const GitAddress& address) {
  std::map<std::string, std::string> secrets;
  for (const auto& secret : request.secrets) secrets[secret.id] = secret.content;
  return git_access(address, request.ssh, secrets);
}

bool is_proxy_argument(const std::string& name) {
  static const std::set<std::string> names{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"};
  return names.contains(base::upper_case(name)) &&
         (name == base::upper_case(name) || name == base::lower_case(name));
}

std::optional<std::string> producing_request(const BuildSession& session, const std::string& name) {
  const auto* named = named_context(session, name);
  if (named != nullptr && named->kind == ContextKind::request) return named->place;
  const auto& reference = reference_of(session, name);
  if (reference.starts_with("sha256:")) return std::nullopt;
  const auto& images = session.commons.images;
  const auto found = images.find(parse_reference(reference).full());
  if (found == images.end() || found->second.contains(session.request.name)) return std::nullopt;
  return *found->second.rbegin();
}

Image base_image(BuildSession& session, const std::string& name) {
  auto& commons = session.commons;
  if (const auto producer = producing_request(session, name))
    return commons.store.require(commons.built.at(*producer));
  const auto& reference = reference_of(session, name);
  const ImageWish wish{.reference = reference, .platform = session.request.platform};
  const bool wanted = session.request.pull || !commons.store.resolve(reference);
  if (commons.fetch && !reference.starts_with("sha256:") && wanted && commons.fetched.insert(wish).second)
    commons.fetch_errors.merge(commons.fetch({wish}));
  const auto failed = commons.fetch_errors.find(reference);
  const bool refused = failed != commons.fetch_errors.end();
  std::optional<std::string> cached;
  if ((refused || !commons.store.resolve(reference)) && !session.request.pull)
    cached = base_from_cache(session, reference);
  if (refused && !cached) base::fail("{}", failed->second);
  auto image = commons.store.require(cached.value_or(reference));
  if (!reference.starts_with("sha256:")) session.bases[reference] = image.id;
  return image;
}

std::optional<std::vector<std::string>> source_identity(BuildSession& session, const std::string& from,
                                                        std::size_t stage) {
  if (is_directory_source(session, from)) return std::nullopt;
  if (named_context(session, from) == nullptr)
    if (const auto index = find_stage(session.plan.stages, from, stage))
      return session.results[*index]->document.diff_ids;
  const auto image = base_image(session, from);
  return parse_image_document(session.store().config_json(image.id)).diff_ids;
}

Source open_source(BuildSession& session, const std::string& from, std::size_t stage) {
  const auto identity = source_identity(session, from, stage);
  auto& tree = session.sources[from];
  if (!tree && identity) {
    tree = std::make_unique<SourceTree>(RootView{session.store().layers().directories_of(*identity)},
                                        base::text("'{}'", from), IgnoreRules{}, nullptr);
  } else if (!tree) {
    const auto* named = named_context(session, from);
    const auto directory = named != nullptr ? base::HostPath{named->place} : session.context;
    if (directory.empty()) base::fail("there is no build context to copy from");
    tree = directory_source(session, directory, from);
  }
  return {.tree = tree.get(), .identity = identity.value_or(std::vector<std::string>{})};
}

}  // namespace compose::images
