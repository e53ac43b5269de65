// COPY and ADD: what they mean is listed and digested first; only when the cache has no answer is anything
// copied.
#include <algorithm>
#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "images/archive/tar_reader.hpp"
#include "images/archive/unpack.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/download.hpp"
#include "images/build/git_source.hpp"
#include "images/build/layer_writer.hpp"
#include "images/build/stage_builder.hpp"

namespace compose::images {
namespace {

using base::fail;

// Of the rules by which files are merged: layers made by others are not what a step would make today.
constexpr std::uint64_t k_edition = 4;

struct Listing {
  std::string pattern;   // as written
  std::string name;      // of the source, as written or matched
  std::string preserve;  // --parents: the part of the path that is kept in front
  std::vector<SourceEntry> entries;
  const SourceTree* tree = nullptr;
};

// What ADD takes from an address: a file, or the files of a git repository.
struct Remote {
  std::string address;
  std::optional<GitAddress> git = {};
  std::string digest = {};  // of the file, or the commit; empty as long as it is not known
  std::shared_ptr<const Workspace> place = {};
  std::shared_ptr<const SourceTree> tree = {};
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
  if (pivot == std::string_view::npos) return path;
  auto before = base::clean_path("/" + std::string{pattern.substr(0, pivot)}).substr(1);
  std::string kept = path;
  for (auto parts = before.empty() ? 0 : 1 + std::ranges::count(before, '/'); parts > 0; --parts)
    kept.erase(0, std::min(kept.find('/'), kept.size() - 1) + 1);
  return kept;
}

}  // namespace

struct StageBuilder::CopyWork {
  Source source = {};
  std::vector<std::string> patterns = {};
  std::vector<Listing> listings = {};
  std::vector<InlineFile> files = {};
  std::vector<Remote> remotes = {};
  std::string destination = {};  // absolute
  bool into_directory = false;
  std::string chown = {};
  std::optional<ModeChange> mode = {};
  std::string chmod = {};
  bool link = false;
  bool from_host = false;
  bool unpack = false;
  bool unpack_downloads = false;
  bool parents = false;
  bool keep_git_directory = false;
  IgnoreRules excludes = {};
};

std::shared_ptr<StageBuilder::CopyWork> StageBuilder::prepare_copy(const CopyInstruction& copy) const {
  auto shared = std::make_shared<CopyWork>(CopyWork{.chown = expand(copy.chown),
                                                    .chmod = expand(copy.chmod),
                                                    .link = copy.link,
                                                    .parents = copy.parents,
                                                    .keep_git_directory = copy.keep_git_directory});
  auto& work = *shared;
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
      const auto content = heredoc->expand ? expand_heredoc(heredoc->content, lookup) : heredoc->content;
      work.files.push_back({.name = heredoc->name, .content = content});
      ++heredoc;
      continue;
    }
    const auto path = expand(word);
    auto git = copy.is_add ? parse_git_address(path) : std::nullopt;
    if (git || (copy.is_add && is_address(path)))
      work.remotes.push_back({.address = path, .git = std::move(git)});
    else
      work.patterns.push_back(path);
  }
  if (!copy.checksum.empty()) {
    if (work.remotes.size() != 1 || copy.sources.size() != 1)
      fail("ADD --checksum needs exactly one source, an address");
    auto& remote = work.remotes.front();
    (remote.git ? remote.git->checksum : remote.digest) = expand(copy.checksum);
  }
  return shared;
}

namespace {

std::shared_ptr<const SourceTree> tree_of(const Remote& remote, const base::HostPath& directory) {
  return std::make_shared<SourceTree>(RootView{base::sys::open(directory, O_PATH | O_DIRECTORY)},
                                      base::text("'{}'", remote.address), IgnoreRules{}, nullptr);
}

// Brings a remote source to its place, in a worker. Returns its digest, or its commit.
std::string fetch_remote(const Remote& remote, bool keep_git_directory, const BuildRequest& request) {
  if (!remote.git) return download_file(remote.address, remote.digest, remote.place->upper());
  auto address = *remote.git;
  if (!remote.digest.empty()) address.checksum = remote.digest;  // what the step's key says
  return fetch_git(address, remote.place->upper(), keep_git_directory, git_access_of(request, address));
}

Listing listing_of(const Remote& remote) {
  const auto name = remote.git ? std::string{} : name_of_download(remote.address);
  return {.pattern = remote.address,
          .name = name,
          .preserve = {},
          .entries = remote.tree->list(name),
          .tree = remote.tree.get()};
}

}  // namespace

// The step's key needs to know what is behind each address: the commit is asked for, a file without checksum
// is downloaded. One after the other, each in a worker.
void StageBuilder::find_out_remotes(const CopyInstruction& copy, const std::shared_ptr<CopyWork>& work) {
  const auto unknown =
      std::ranges::find_if(work->remotes, [](const Remote& remote) { return remote.digest.empty(); });
  if (unknown == work->remotes.end()) return copy_step(copy, work);
  auto& remote = *unknown;
  auto find_out = [this, work, &remote](WorkerReport&) {
    if (remote.git) {
      auto commit = resolve_git_ref(*remote.git, git_access_of(session_.request, *remote.git));
      if (!commit.empty()) return commit;
    }
    return fetch_remote(remote, work->keep_git_directory, session_.request);
  };
  auto prepare = [this, &remote] {
    remote.place = std::make_shared<Workspace>(session_.store().layers().workspace());
  };
  auto then = [this, &copy, work, &remote](const std::string& found) {
    remote.digest = found;
    if (!base::list_directory(remote.place->upper()).empty())
      remote.tree = tree_of(remote, remote.place->upper());
    find_out_remotes(copy, work);
  };
  work_ = Work{.prepare = std::move(prepare), .find_out = std::move(find_out), .then = std::move(then)};
}

void StageBuilder::list_sources(CopyWork& work, const CopyInstruction& copy) {
  if (work.patterns.empty()) return;
  if (work.source.tree == nullptr) work.source = open_source(session_, copy.from, stage_.index);
  for (const auto& pattern : work.patterns) {
    for (const auto& [path, name] : work.source.tree->match(pattern, work.parents)) {
      Listing listing{.pattern = pattern,
                      .name = name,
                      .preserve = {},
                      .entries = work.source.tree->collect(path, work.excludes),
                      .tree = work.source.tree};
      if (work.parents) listing.preserve = preserved_directory(pattern, path);
      work.listings.push_back(std::move(listing));
    }
  }
  if (work.listings.empty() && work.files.empty() && work.remotes.empty())
    session_.commons.progress.warning(base::text("{}: nothing in {} matches '{}'", place(),
                                                 work.source.tree->name(),
                                                 base::join(work.patterns, "', '")));
  if (work.listings.size() > 1) work.into_directory = true;
}

void StageBuilder::operator()(const CopyInstruction& copy) {
  find_out_remotes(copy, prepare_copy(copy));
}

void StageBuilder::copy_step(const CopyInstruction& copy, const std::shared_ptr<CopyWork>& shared) {
  auto& work = *shared;
  const auto identity = source_identity(session_, copy.from, stage_.index);
  work.from_host = !identity;
  CacheKey key;
  key.add(copy.is_add ? "add" : "copy")
      .add(k_edition)
      .add(work.destination)
      .add(work.into_directory ? 1 : 0)
      .add(work.chown);
  key.add(work.chmod).add(work.unpack ? 1 : 0).add(work.parents ? 1 : 0);
  key.add(copy.excludes).add(work.patterns);
  for (const auto& file : work.files) key.add(file.name).add(file.content);
  for (const auto& remote : work.remotes) key.add(remote.address).add(remote.digest);
  if (work.keep_git_directory) key.add("keep-git-dir");
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
  Work step{.prepare =
                [this, &copy, shared] {
                  if (!shared->from_host) list_sources(*shared, copy);
                  for (auto& remote : shared->remotes)
                    if (!remote.place)
                      remote.place = std::make_shared<Workspace>(session_.store().layers().workspace());
                },
            .make = [this, shared](const Workspace& workspace,
                                   WorkerReport&) { perform_copy(*shared, workspace); }};
  layer_step(std::move(key), std::move(step), on_its_own);
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
    make_directories(top, root);
    for (auto entry = listing.entries.begin() + 1; entry != listing.entries.end(); ++entry) {
      const auto slash = entry->relative.rfind('/');
      const auto parent = slash == std::string::npos ? std::string{} : entry->relative.substr(0, slash);
      const auto& below_parent = placed_directories.at(parent);
      auto placed =
          below_parent.empty() ? base_name(entry->relative) : below_parent + "/" + base_name(entry->relative);
      const bool is_directory = S_ISDIR(entry->status.st_mode);
      if (is_directory && !below_.empty() && !options_.replace) placed = below_.resolve(placed);
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
    if (slash != std::string::npos) make_directories(placed.substr(0, slash), entry);
  }

  // A number in --chmod goes for directories that the destination needs, too.
  void make_directories(const std::string& placed, const SourceEntry& entry) {
    const auto number = options_.mode ? options_.mode->number() : std::nullopt;
    writer_.make_directories(
        placed, {.mode = number.value_or(0755), .owner = owner_, .modified = entry.status.st_mtim});
  }

  LayerWriter& writer_;
  const RootView& below_;
  Owner owner_;
  CopyOptions options_;
};

// ADD unpacks into a directory of its own first, and what lies below is then merged as tar would: what the
// archive has takes the place of what is there. The destination itself stays as it is.
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
                     [&] { (void)unpack_tar(plain, target.get(), {.form = UnpackForm::plain}); });
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

// In the worker.
void StageBuilder::perform_copy(CopyWork& work, const Workspace& workspace) const {
  for (auto& remote : work.remotes) {
    if (!remote.tree) {  // whose digest was known is fetched only now
      fetch_remote(remote, work.keep_git_directory, session_.request);
      remote.tree = tree_of(remote, remote.place->upper());
    }
    work.listings.push_back(listing_of(remote));
  }
  const auto layers_below = view_below();
  const RootView nothing;
  const auto& below = work.link ? nothing : layers_below;
  LayerWriter writer{workspace.upper(), below};
  CopyOptions options{.mode = work.mode};
  const Owner owner = resolve_owner(layers_below, work.chown);
  if (work.from_host || !work.chown.empty()) options.owner = owner;
  Copier copier{writer, below, owner, options};
  CopyOptions unpacking{.replace = true};  // modes are the archive's, and owners where --chown says none
  if (!work.chown.empty()) unpacking.owner = owner;
  Copier archives{writer, below, owner, unpacking};
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
