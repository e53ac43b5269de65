// COPY and ADD: what they mean is listed and digested first; only when the cache has no answer is anything
// copied.
#include <fcntl.h>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "images/archive/tar_reader.hpp"
#include "images/archive/unpack.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/download.hpp"
#include "images/build/layer_writer.hpp"
#include "images/build/stage_builder.hpp"

namespace compose::images {
namespace {

using base::fail;

struct Listing {
  std::string pattern;   // as written
  std::string name;      // of the source, as written or matched
  std::string preserve;  // --parents: the part of the path that is kept in front
  std::vector<SourceEntry> entries;
  const SourceTree* tree = nullptr;
};

// A file behind an address, and the directory it was downloaded to.
struct Remote {
  std::string address;
  std::string digest;
  std::optional<Workspace> place;
  std::unique_ptr<SourceTree> tree;
};

bool is_address(const std::string& path) {
  return path.starts_with("http://") || path.starts_with("https://");
}

bool is_number_word(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789:") == std::string::npos;
}

struct InlineFile {
  std::string name;
  std::string content;
};

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

void add_entry(CacheKey& key, const SourceEntry& entry) {
  const auto& status = entry.status;
  key.add(entry.relative)
      .add(status.st_mode)
      .add(status.st_uid)
      .add(status.st_gid)
      .add(entry.digest)
      .add(entry.link);
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) key.add(status.st_rdev);
}

// --parents keeps the source's directories, from "/./" on when it is in the path.
std::string preserved_directory(std::string_view pattern, const std::string& path) {
  const auto pivot = pattern.find("/./");
  std::string kept = path;
  if (pivot != std::string_view::npos) {
    const auto before = base::clean_path("/" + std::string{pattern.substr(0, pivot)}).substr(1);
    if (path.starts_with(before + "/")) kept = path.substr(before.size() + 1);
  }
  return kept;
}

}  // namespace

struct StageBuilder::CopyWork {
  Source source;
  std::vector<std::string> patterns;
  std::vector<Listing> listings;
  std::vector<InlineFile> files;
  std::vector<Remote> remotes;
  std::string destination;  // absolute
  bool into_directory = false;
  std::string from;
  std::string chown;
  std::optional<ModeChange> mode;
  std::string chmod;
  bool link = false;
  bool from_host = false;
  bool unpack = false;
  bool unpack_downloads = false;
  bool parents = false;
  IgnoreRules excludes;
};

StageBuilder::CopyWork StageBuilder::prepare_copy(const CopyInstruction& copy) {
  CopyWork work{.from = copy.from,
                .chown = expand(copy.chown),
                .chmod = expand(copy.chmod),
                .link = copy.link,
                .parents = copy.parents};
  if (!work.chmod.empty()) work.mode = ModeChange::parse(work.chmod);
  work.unpack = copy.unpack.value_or(copy.is_add);
  work.unpack_downloads = copy.unpack.value_or(false);
  std::vector<std::string> excludes;
  for (const auto& pattern : copy.excludes) excludes.push_back(expand(pattern));
  work.excludes = IgnoreRules{excludes};
  const auto destination = expand(copy.destination);
  const auto& directory = state_.document.config.directory;
  work.destination = base::absolute_path(destination, directory.empty() ? "/" : directory);
  work.into_directory = destination.empty() || destination.ends_with('/') || destination == "." ||
                        destination.ends_with("/.") || destination == ".." || copy.sources.size() > 1;
  auto heredoc = copy.heredocs.begin();
  for (const auto& word : copy.sources) {
    if (word.starts_with("<<") && heredoc != copy.heredocs.end()) {
      const auto lookup = [this](std::string_view name) { return variable(name); };
      const auto content = heredoc->expand
                               ? expand_heredoc(heredoc->content, lookup, session_.dockerfile.escape)
                               : heredoc->content;
      work.files.push_back({.name = heredoc->name, .content = content});
      ++heredoc;
      continue;
    }
    const auto path = expand(word);
    if (copy.is_add && is_address(path))
      work.remotes.push_back({.address = path, .digest = expand(copy.checksum)});
    else
      work.patterns.push_back(path);
  }
  if (!copy.checksum.empty() && (work.remotes.size() != 1 || copy.sources.size() != 1))
    fail("ADD --checksum needs exactly one source, an address");
  return work;
}

// Whose checksum is known is downloaded only when the cache has no answer.
void StageBuilder::download(CopyWork& work, bool only_unknown) {
  for (auto& remote : work.remotes) {
    if (remote.tree || (only_unknown && !remote.digest.empty())) continue;
    remote.place.emplace(session_.store.layers().workspace());
    remote.digest = download_file(remote.address, remote.digest, remote.place->upper());
    remote.tree =
        std::make_unique<SourceTree>(RootView{base::sys::open(remote.place->upper(), O_PATH | O_DIRECTORY)},
                                     base::text("'{}'", remote.address), IgnoreRules{}, nullptr);
    work.listings.push_back({.pattern = remote.address,
                             .name = name_of_download(remote.address),
                             .entries = remote.tree->list(name_of_download(remote.address)),
                             .tree = remote.tree.get()});
  }
}

void StageBuilder::list_sources(CopyWork& work, const CopyInstruction& copy) {
  if (work.patterns.empty()) return;
  if (work.source.tree == nullptr) work.source = open_source(session_, copy.from, stage_.index);
  for (const auto& pattern : work.patterns) {
    for (const auto& [path, name] : work.source.tree->match(pattern)) {
      Listing listing{.pattern = pattern,
                      .name = name,
                      .entries = work.source.tree->collect(path, work.excludes),
                      .tree = work.source.tree};
      if (work.parents) listing.preserve = preserved_directory(pattern, path);
      work.listings.push_back(std::move(listing));
    }
  }
  if (work.listings.empty() && work.files.empty() && work.remotes.empty())
    fail("nothing in {} matches '{}'", work.source.tree->name(), base::join(work.patterns, "', '"));
  if (work.listings.size() > 1) work.into_directory = true;
}

void StageBuilder::operator()(const CopyInstruction& copy) {
  auto work = prepare_copy(copy);
  const auto identity = source_identity(session_, copy.from, stage_.index);
  work.from_host = !identity;
  CacheKey key;
  key.add(copy.is_add ? "add" : "copy")
      .add(work.destination)
      .add(work.into_directory ? 1 : 0)
      .add(work.chown);
  key.add(work.chmod).add(work.unpack ? 1 : 0).add(work.parents ? 1 : 0);
  key.add(copy.excludes).add(work.patterns);
  for (const auto& file : work.files) key.add(file.name).add(file.content);
  download(work, may_use_cache());
  for (const auto& remote : work.remotes) key.add(remote.address).add(remote.digest);
  // A linked layer does not look below; but a name of a user is looked up there.
  const bool on_its_own = work.link && (work.chown.empty() || is_number_word(work.chown));
  if (work.link) key.add("link");
  if (identity) {
    key.add(*identity);
  } else {
    list_sources(work, copy);
    for (const auto& listing : work.listings) {
      key.add(listing.pattern).add(listing.entries.empty() ? "" : listing.name);
      for (const auto& entry : listing.entries) add_entry(key, entry);
    }
  }
  layer_step(
      std::move(key),
      [&](const Workspace& workspace) {
        if (identity) list_sources(work, copy);
        download(work, false);
        perform_copy(work, workspace);
      },
      on_its_own);
}

namespace {

// Copies into one layer; knows where each thing goes.
class Copier {
 public:
  Copier(LayerWriter& writer, const RootView& below, Owner owner, CopyOptions options)
      : writer_(writer), below_(below), owner_(owner), options_(options) {}

  void contents(const SourceTree& tree, const Listing& listing, const std::string& destination) {
    if (listing.entries.empty()) return;
    const auto& root = listing.entries.front();
    std::map<std::string, std::string> placed_directories;
    auto& top = placed_directories[""] = writer_.place(destination);
    writer_.make_directories(top, owner_, root.status.st_mtim);
    for (auto entry = listing.entries.begin() + 1; entry != listing.entries.end(); ++entry) {
      const auto slash = entry->relative.rfind('/');
      const auto parent = slash == std::string::npos ? std::string{} : entry->relative.substr(0, slash);
      const auto& below_parent = placed_directories.at(parent);
      auto placed =
          below_parent.empty() ? base_name(entry->relative) : below_parent + "/" + base_name(entry->relative);
      const bool is_directory = S_ISDIR(entry->status.st_mode);
      if (is_directory && !below_.empty()) placed = below_.resolve(placed);
      if (is_directory) make_parent(placed, *entry);
      writer_.copy_entry(tree, *entry, placed, options_);
      if (is_directory) placed_directories[entry->relative] = placed;
    }
  }

  void single(const Listing& listing, const std::string& destination, bool into_directory) {
    const auto& entry = listing.entries.front();
    auto placed = writer_.place(destination);
    if (into_directory || writer_.is_directory(placed)) placed += (placed.empty() ? "" : "/") + listing.name;
    make_parent(placed, entry);
    writer_.copy_entry(*listing.tree, entry, placed, options_);
  }

  void file(const InlineFile& file, const std::string& destination, bool into_directory) {
    auto placed = writer_.place(destination);
    if (into_directory || writer_.is_directory(placed)) placed += (placed.empty() ? "" : "/") + file.name;
    SourceEntry entry;
    make_parent(placed, entry);
    const auto mode = options_.mode ? options_.mode->apply(0644, false) : 0644;
    writer_.write_file(placed, file.content, mode, owner_, entry.status.st_mtim);
  }

 private:
  void make_parent(const std::string& placed, const SourceEntry& entry) {
    const auto slash = placed.rfind('/');
    if (slash != std::string::npos)
      writer_.make_directories(placed.substr(0, slash), owner_, entry.status.st_mtim);
  }

  LayerWriter& writer_;
  const RootView& below_;
  Owner owner_;
  CopyOptions options_;
};

// ADD unpacks into a directory of its own first, so that what lies below is merged by the same rules as for
// COPY.
void add_archive(Copier& copier, const SourceTree& tree, const SourceEntry& entry, const Workspace& workspace,
                 const std::string& destination) {
  const auto directory = workspace.path() / "archive";
  base::sys::remove_tree(directory);
  base::sys::make_directory(directory, 0755);
  const auto file = tree.root().open(entry.path, O_RDONLY);
  const auto target = base::sys::open(directory, O_RDONLY | O_DIRECTORY);
  FdSource compressed{file.get()};
  DecompressingSource plain{compressed};
  base::with_context(base::text("unpack '{}'", entry.path),
                     [&] { unpack_tar(plain, target.get(), {.form = UnpackForm::plain}); });
  const SourceTree unpacked{
      RootView{base::sys::open(directory, O_PATH | O_DIRECTORY)}, "the archive", {}, nullptr};
  copier.contents(unpacked, {.pattern = entry.path, .entries = unpacked.list("")}, destination);
  base::sys::remove_tree(directory);
}

bool is_archive(const SourceTree& tree, const SourceEntry& entry) {
  return S_ISREG(entry.status.st_mode) &&
         looks_like_tar(tree.root().open(entry.path, O_RDONLY | O_NONBLOCK).get());
}

}  // namespace

void StageBuilder::perform_copy(const CopyWork& work, const Workspace& workspace) {
  const auto layers_below = view_below();
  const RootView nothing;
  const auto& below = work.link ? nothing : layers_below;
  LayerWriter writer{workspace.upper(), below};
  CopyOptions options{.mode = work.mode};
  const Owner owner = resolve_owner(layers_below, work.chown);
  if (work.from_host || !work.chown.empty()) options.owner = owner;
  Copier copier{writer, below, owner, options};
  // An archive's own owners count, also when it comes from the build context.
  Copier archives{
      writer, below, owner, {.owner = work.chown.empty() ? std::nullopt : options.owner, .mode = work.mode}};
  // What was downloaded stays as it is unless --unpack says otherwise.
  const auto unpacks = [&](const Listing& listing) {
    return work.unpack && (work.unpack_downloads || listing.tree == work.source.tree);
  };
  for (const auto& file : work.files) copier.file(file, work.destination, work.into_directory);
  for (const auto& listing : work.listings) {
    if (listing.entries.empty()) continue;
    const auto& first = listing.entries.front();
    const bool is_directory = S_ISDIR(first.status.st_mode);
    if (work.parents) {
      const auto target = base::clean_path(work.destination + "/" + listing.preserve);
      is_directory ? copier.contents(*listing.tree, listing, target)
                   : copier.single(listing, base::HostPath{target}.parent().str(), true);
    } else if (is_directory) {
      copier.contents(*listing.tree, listing, work.destination);
    } else if (unpacks(listing) && is_archive(*listing.tree, first)) {
      add_archive(archives, *listing.tree, first, workspace, work.destination);
    } else {
      copier.single(listing, work.destination, work.into_directory);
    }
  }
  writer.finish();
}

}  // namespace compose::images
