#pragma once
// What COPY and ADD take files from: the build context (without what .dockerignore hides), a named context,
// another stage or an image. Listing is separate from copying, because the list with its digests is what
// decides whether there is anything to copy.
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "images/build/file_digests.hpp"
#include "images/build/ignore_rules.hpp"
#include "images/build/root_view.hpp"

namespace compose::images {

struct SourceEntry {
  std::string path;      // in the tree, no links in it
  std::string relative;  // below the source that was asked for; "" is the source itself
  struct ::stat status {};
  std::string link;    // target of a symbolic link
  std::string digest;  // of a file, or of the attributes of a directory: 64 hex digits
};

// What a COPY source means: where it is, links followed, and its name as it was written.
struct SourceMatch {
  std::string path;
  std::string name;
  bool operator==(const SourceMatch&) const = default;
};

class SourceTree {
 public:
  // `digests` nullptr: files are digested each time. `name` for messages: "the build context".
  SourceTree(RootView root, std::string name, IgnoreRules rules, FileDigests* digests)
      : root_(std::move(root)), name_(std::move(name)), rules_(std::move(rules)), digests_(digests) {}

  // What a path means that is not a pattern. Error when it does not exist.
  [[nodiscard]] SourceMatch find(std::string_view path) const;
  // The same, or what the wildcards match; sorted. Error when a link leads to nothing. `deep`: "**" as a
  // component means any number of directories, not one.
  [[nodiscard]] std::vector<SourceMatch> match(std::string_view pattern, bool deep = false) const;
  // The source and everything below, parents before children, in byte order.
  [[nodiscard]] std::vector<SourceEntry> collect(const std::string& path, const IgnoreRules& excludes) const;
  // The same without digests of files, for what is only copied.
  [[nodiscard]] std::vector<SourceEntry> list(const std::string& path) const;
  [[nodiscard]] const RootView& root() const noexcept { return root_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  struct Walk;
  std::vector<SourceEntry> walk_from(const std::string& path, const IgnoreRules& excludes,
                                     bool with_digests) const;
  void visit(int directory, const std::string& name, Walk& walk, const std::string& path,
             const std::string& relative) const;
  [[nodiscard]] bool is_hidden(std::string_view path, const std::string& resolved) const;
  struct MatchState {
    bool deep = false;
    bool wild = false;  // a component before had wildcards
  };
  void match_below(const std::string& directory, std::string_view pattern, MatchState state,
                   std::vector<SourceMatch>& found) const;
  [[nodiscard]] SourceMatch followed(const std::string& path) const;

  RootView root_;
  std::string name_;
  IgnoreRules rules_;
  FileDigests* digests_;
};

}  // namespace compose::images
