#pragma once
// Writes what one COPY, ADD or WORKDIR adds, into an empty layer directory that will lie on top of `below`.
// Directories that exist below are made again with their own owner, mode and times, because in an overlay the
// top one's count.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unordered_set>

#include "base/path.hpp"
#include "base/sys_at.hpp"
#include "base/unique_fd.hpp"
#include "images/build/mode_change.hpp"
#include "images/build/root_view.hpp"
#include "images/build/source_tree.hpp"

namespace compose::images {

struct CopyOptions {
  std::optional<Owner> owner;      // nullopt: the source's own
  std::optional<ModeChange> mode;  // nullopt: the source's own
  bool replace = false;            // what is there goes, as when tar unpacks
};

class LayerWriter {
  using ExtendedAttributes = base::sys::ExtendedAttributes;

 public:
  LayerWriter(const base::HostPath& layer, const RootView& below);

  // The path in the new layer for a path in the container: links below are followed. "usr/bin".
  [[nodiscard]] std::string place(std::string_view path) const { return below_.resolve(path); }
  [[nodiscard]] bool is_directory(const std::string& placed) const;

  struct NewDirectory {
    mode_t mode = 0755;
    Owner owner = {};
    timespec modified = {};
  };
  // A directory and its parents; new ones become as `made` says. True: something was made.
  bool make_directories(const std::string& placed, const NewDirectory& made);
  // One entry of a source. Parents must exist. A directory that is there already keeps what is in it and
  // becomes the source's otherwise. A file in place of a directory is an Error unless `options` say
  // otherwise.
  void copy_entry(const SourceTree& from, const SourceEntry& entry, const std::string& placed,
                  const CopyOptions& options);
  void write_file(const std::string& placed, std::string_view content, std::uint32_t mode, Owner owner,
                  const timespec& modified);
  // Directory times, last, because making entries changes them. Called once.
  void finish();
  [[nodiscard]] base::UniqueFd open_directory(const std::string& placed) const;  // in the layer

 private:
  struct Leaf {
    int directory;
    std::string name;
  };
  Leaf leaf_of(const std::string& placed);
  void make_like_below(const std::string& placed, const struct ::stat& status);
  void new_directory(const std::string& placed, const NewDirectory& made);
  void copy_directory(const SourceTree& from, const SourceEntry& entry, const std::string& placed,
                      mode_t mode, Owner owner);
  ExtendedAttributes copy_file(const SourceTree& from, const SourceEntry& entry, const Leaf& leaf);
  bool link_to_copy(const struct ::stat& status, const Leaf& leaf);
  static void set_attributes(const Leaf& leaf, const ExtendedAttributes& attributes);
  void refuse_directory_below(const std::string& placed) const;

  base::UniqueFd layer_;
  const RootView& below_;
  std::unordered_set<std::string> made_;
  std::vector<std::pair<std::string, timespec>> times_;
  struct Copy {
    std::string placed;
    ino_t inode = 0;  // in the layer
  };
  std::map<std::pair<dev_t, ino_t>, Copy> copies_;  // of sources that have several names
  std::string parent_path_ = "/";                   // no placed path has a leading slash: nothing is open yet
  base::UniqueFd parent_;
};

}  // namespace compose::images
