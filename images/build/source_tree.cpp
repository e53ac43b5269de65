#include "images/build/source_tree.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"

namespace compose::images {

namespace sys = base::sys;

struct SourceTree::Walk {
  const IgnoreRules& excludes;
  bool with_digests = true;
  std::vector<SourceEntry> entries;
};

// "./src//" and "/src" mean "src"; ".." cannot leave the tree.
static std::string path_in_tree(std::string_view pattern) {
  return base::clean_path("/" + std::string{pattern}).substr(1);
}

SourceMatch SourceTree::followed(const std::string& path) const {
  SourceMatch match{.path = root_.resolve(path), .name = path.substr(path.rfind('/') + 1)};
  if (!root_.stat(match.path))
    base::fail("'{}' is a link to '/{}', which is not in {}", path, match.path, name_);
  return match;
}

SourceMatch SourceTree::find(std::string_view path) const {
  const auto clean = path_in_tree(path);
  const auto resolved = root_.resolve(clean);
  const bool is_there = root_.stat(resolved).has_value();
  const bool hidden = is_hidden(clean, resolved);
  if (hidden || !is_there)
    base::fail("'{}' is not in {}{}", path, name_, hidden ? ": .dockerignore hides it" : "");
  return {.path = resolved, .name = clean.substr(clean.rfind('/') + 1)};
}

// A directory that is ignored shows as long as an exception lets something in it show.
bool SourceTree::is_hidden(std::string_view path, const std::string& resolved) const {
  if (path.empty() || !rules_.ignores(path)) return false;
  return !rules_.has_exceptions() || !root_.stat(resolved) || list(resolved).empty();
}

std::vector<SourceMatch> SourceTree::match(std::string_view pattern, bool deep) const {
  const auto clean = path_in_tree(pattern);
  if (!Glob::has_wildcard(clean)) return {find(pattern)};
  std::vector<SourceMatch> found;
  match_below("", clean, {.deep = deep}, found);
  return found;
}

void SourceTree::match_below(const std::string& directory, std::string_view pattern, MatchState state,
                             std::vector<SourceMatch>& found) const {
  const auto slash = pattern.find('/');
  const bool any_depth = state.deep && slash != std::string_view::npos && pattern.substr(0, slash) == "**";
  if (any_depth) match_below(directory, pattern.substr(slash + 1), state, found);
  state.wild = state.wild || Glob::has_wildcard(pattern.substr(0, slash));
  const Glob glob{pattern.substr(0, slash)};
  const auto resolved = root_.resolve(directory);
  const auto status = root_.stat(resolved);
  if (!status || !S_ISDIR(status->st_mode)) return;
  for (const auto& name : sys::list_at(root_.open(resolved, O_RDONLY | O_DIRECTORY).get())) {
    if (!glob.matches(name)) continue;
    const auto path = directory.empty() ? name : directory + "/" + name;
    if (slash != std::string_view::npos) {
      // Where anything may match, links are not walked: they may lead in circles.
      const auto inside = root_.stat(path);
      const bool is_place = inside && (S_ISDIR(inside->st_mode) || !state.wild);
      if (is_place) match_below(path, any_depth ? pattern : pattern.substr(slash + 1), state, found);
    } else if (!is_hidden(path, path)) {
      found.push_back(followed(path));
    }
  }
}

std::vector<SourceEntry> SourceTree::collect(const std::string& path, const IgnoreRules& excludes) const {
  return walk_from(path, excludes, true);
}

std::vector<SourceEntry> SourceTree::list(const std::string& path) const {
  return walk_from(path, {}, false);
}

std::vector<SourceEntry> SourceTree::walk_from(const std::string& path, const IgnoreRules& excludes,
                                               bool with_digests) const {
  Walk walk{.excludes = excludes, .with_digests = with_digests};
  const auto slash = path.rfind('/');
  const auto parent = slash == std::string::npos ? std::string{} : path.substr(0, slash);
  const auto directory = root_.open(parent, O_PATH | O_DIRECTORY);
  const auto name = path.empty() ? "." : slash == std::string::npos ? path : path.substr(slash + 1);
  visit(directory.get(), name, walk, path, "");
  return std::move(walk.entries);
}

void SourceTree::visit(int directory, const std::string& name, Walk& walk, const std::string& path,
                       const std::string& relative) const {
  const bool hidden =
      !path.empty() && (rules_.ignores(path) || (!relative.empty() && walk.excludes.ignores(relative)));
  const bool children_may_show = rules_.has_exceptions() || walk.excludes.has_exceptions();
  if (hidden && !children_may_show) return;
  SourceEntry entry{.path = path, .relative = relative, .status = sys::stat_at(directory, name)};
  if (S_ISDIR(entry.status.st_mode)) {
    const auto inside = sys::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (walk.with_digests) entry.digest = digest_of_attributes(inside.get(), path);
    const auto before = walk.entries.size();
    walk.entries.push_back(std::move(entry));
    for (const auto& child : sys::list_at(inside.get()))
      visit(inside.get(), child, walk, path.empty() ? child : path + "/" + child,
            relative.empty() ? child : relative + "/" + child);
    if (hidden && walk.entries.size() == before + 1) walk.entries.pop_back();  // nothing in it showed
    return;
  }
  if (hidden) return;
  if (S_ISREG(entry.status.st_mode) && walk.with_digests) {
    entry.digest = digests_ != nullptr
                       ? digests_->digest_of(directory, name, path, entry.status)
                       : digest_with_attributes(
                             sys::open_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).get(), path);
  } else if (S_ISLNK(entry.status.st_mode)) {
    entry.link = sys::read_link_at(directory, name);
  } else if (S_ISSOCK(entry.status.st_mode)) {
    return;  // means nothing without its process
  }
  walk.entries.push_back(std::move(entry));
}

}  // namespace compose::images
