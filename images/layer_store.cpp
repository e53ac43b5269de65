#include "images/layer_store.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <set>
#include <sys/file.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/archive/byte_source.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack_layer.hpp"

namespace compose::images {
namespace {

using base::HostPath;

constexpr std::size_t k_digest_prefix = 7;  // "sha256:"
constexpr std::size_t k_name_digits = 32;   // 128 bits keep the mount options of deep images short

std::string directory_name(const std::string& diff_id) {
  return diff_id.substr(k_digest_prefix, k_name_digits);
}

// Removal that never throws: the next sweep takes what is left.
void discard_tree(const HostPath& path) noexcept {
  try {
    base::sys::remove_tree(path);
  } catch (const base::Error&) {
  }
}

// What cannot be removed keeps nobody from working: it is tried again next time.
void remove_all_but(const HostPath& directory, const std::set<std::string>& keep) {
  for (const auto& name : base::list_directory(directory))
    if (!keep.contains(name)) discard_tree(directory / name);
}

constexpr std::int64_t k_partial_lifetime = 86'400;  // seconds; who has not tried again by then will not
constexpr std::int64_t k_settled_after = 60;         // seconds; the kernel writes dirty pages after 30

std::int64_t seconds_now() {
  return ::time(nullptr);
}

const std::string& boot_id() {
  static const std::string id =
      base::read_file(HostPath{"/proc/sys/kernel/random/boot_id"}, 64).substr(0, 36);
  return id;
}

std::vector<int>& held_leases() {
  static std::vector<int> descriptors;
  return descriptors;
}

constexpr std::string_view k_unneeded_layers =
    "SELECT diff_id, size + blob_size FROM layers WHERE diff_id NOT IN (SELECT diff_id FROM image_layers) "
    "AND diff_id NOT IN (SELECT diff_id FROM build_cache)";

}  // namespace

WriterLease::WriterLease(base::UniqueFd lock) : lock_(std::move(lock)) {
  held_leases().push_back(lock_.get());
}
WriterLease::~WriterLease() {
  if (lock_) std::erase(held_leases(), lock_.get());
}

void close_leases() noexcept {
  for (const int descriptor : held_leases()) ::close(descriptor);
}

LayerStore::LayerStore(base::Database& database, HostPath directory)
    : database_(database), directory_(std::move(directory)), partial_blobs_(directory_ / "partial") {
  if (base::sys::exists(directory_ / "tmp")) return;  // made last
  base::sys::make_directories(directory_, 0700);
  for (const char* name : {"layers", "blobs", "blobs/sha256", "cache", "tmp"})
    base::sys::make_directory_if_missing(directory_ / name, 0755);
}

WriterLease LayerStore::lease() {
  auto lock = base::sys::open(directory_ / "lock", O_RDWR | O_CREAT, 0600);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) sweep(nullptr);
  settle();
  base::check(base::retry_eintr([&] { return ::flock(lock.get(), LOCK_SH); }), "lock '{}'", directory_.str());
  return WriterLease{std::move(lock)};
}

Workspace LayerStore::workspace() const {
  return Workspace{directory_ / "tmp"};
}

std::optional<Layer> LayerStore::find(const std::string& diff_id) const {
  std::optional<Layer> found;
  database_.each("SELECT size, tar_size, blob, blob_size FROM layers WHERE diff_id = ? AND boot <> 'damaged'",
                 {diff_id}, [&](const base::SqlRow& row) {
                   found = Layer{.diff_id = diff_id,
                                 .size = static_cast<std::uint64_t>(row.integer(0)),
                                 .tar_size = static_cast<std::uint64_t>(row.integer(1)),
                                 .blob = row.text(2),
                                 .blob_size = static_cast<std::uint64_t>(row.integer(3))};
                 });
  return found;
}

HostPath LayerStore::directory_of(const std::string& diff_id) const {
  return directory_ / "layers" / directory_name(diff_id);
}

std::vector<HostPath> LayerStore::directories_of(const std::vector<std::string>& bottom_first) const {
  std::vector<HostPath> top_first;
  top_first.reserve(bottom_first.size());
  std::set<std::string_view> seen;  // overlayfs refuses the same directory twice; the upper one decides
  for (auto id = bottom_first.rbegin(); id != bottom_first.rend(); ++id)
    if (seen.insert(*id).second) top_first.push_back(directory_of(*id));
  return top_first;
}

HostPath LayerStore::blob_path(const std::string& digest) const {
  return directory_ / "blobs/sha256" / digest.substr(k_digest_prefix);
}

HostPath LayerStore::cache_path(const std::string& id) const {
  return directory_ / "cache" / base::sha256_hex(id);  // hashed: an id is never a path
}

void LayerStore::adopt(const HostPath& upper, const Layer& layer) {
  const auto target = directory_of(layer.diff_id);
  base::fault_point("images.layer.before_rename");
  if (is_damaged(layer.diff_id)) {
    replace(upper, target);
  } else if (!find(layer.diff_id) && ::rename(upper.c_str(), target.c_str()) != 0 && errno != EEXIST &&
             errno != ENOTEMPTY) {
    throw base::SysError(errno, base::text("rename '{}' to '{}'", upper.str(), target.str()));
  }
  base::fault_point("images.layer.renamed");
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  database_.run(
      "INSERT INTO layers (diff_id, size, tar_size, blob, blob_size, boot, made_at) VALUES (?, ?, ?, ?, ?, "
      "?, ?) "
      "ON CONFLICT (diff_id) DO UPDATE SET boot = excluded.boot, made_at = excluded.made_at, blob = "
      "excluded.blob, "
      "blob_size = excluded.blob_size WHERE boot = 'damaged'",
      {layer.diff_id, number(layer.size), number(layer.tar_size), layer.blob, number(layer.blob_size),
       boot_id(), seconds_now()});
  base::fault_point("images.layer.row");
}

void LayerStore::adopt_blob(const HostPath& file, const std::string& digest) {
  base::sys::rename(file, blob_path(digest));
  base::fault_point("images.blob.renamed");
}

// ---- what a power failure may have taken ----

bool LayerStore::is_damaged(const std::string& diff_id) const {
  bool damaged = false;
  database_.each("SELECT 1 FROM layers WHERE diff_id = ? AND boot = 'damaged'", {diff_id},
                 [&](const base::SqlRow&) { damaged = true; });
  return damaged;
}

void LayerStore::forget_blob(const std::string& diff_id) {
  database_.run("UPDATE layers SET blob = '', blob_size = 0 WHERE diff_id = ?", {diff_id});
}

void LayerStore::mark_damaged(const std::string& diff_id) {
  database_.run("UPDATE layers SET boot = 'damaged' WHERE diff_id = ?", {diff_id});
}

// The old directory is swept with the workspace that `upper` belongs to.
void LayerStore::replace(const HostPath& upper, const HostPath& target) const {
  if (!base::sys::exists(target)) return base::sys::rename(upper, target);
  base::check(::renameat2(AT_FDCWD, upper.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE),
              "exchange '{}' and '{}'", upper.str(), target.str());
}

// Layers that the kernel has had time to write by itself are synced, which is cheap by then, and trusted from
// then on.
void LayerStore::settle() {
  const auto before = seconds_now() - k_settled_after;
  bool any = false;
  database_.each("SELECT 1 FROM layers WHERE boot = ? AND made_at < ? LIMIT 1", {boot_id(), before},
                 [&](const base::SqlRow&) { any = true; });
  if (!any) return;
  const auto directory = base::sys::open(directory_, O_RDONLY | O_DIRECTORY);
  base::check(::syncfs(directory.get()), "sync '{}'", directory_.str());
  database_.run("UPDATE layers SET boot = '' WHERE boot = ? AND made_at < ?", {boot_id(), before});
}

void LayerStore::check_unsettled(const std::string& image_id) {
  std::vector<std::string> suspects;
  database_.each(
      "SELECT diff_id FROM layers WHERE boot NOT IN ('', ?) AND diff_id IN (SELECT diff_id FROM image_layers "
      "WHERE image = ?)",
      {boot_id(), image_id}, [&](const base::SqlRow& row) { suspects.push_back(row.text(0)); });
  if (suspects.empty()) return;
  const auto writing = lease();
  for (const auto& diff_id : suspects) {
    const auto layer = find(diff_id);
    if (!layer)
      base::fail("image {}: layer {} was lost when the machine went down: build or load the image again",
                 image_id, diff_id);
    base::with_context(base::text("image {}", image_id), [&] { check_layer(*layer); });
    database_.run("UPDATE layers SET boot = '' WHERE diff_id = ?", {diff_id});
  }
}

void LayerStore::check_layer(const Layer& layer) {
  if (!layer.blob.empty()) return unpack_again(layer);
  if (pack_directory(directory_of(layer.diff_id), PackForm::layer).digest == layer.diff_id) return;
  mark_damaged(layer.diff_id);
  base::fail("layer {} was lost when the machine went down: build or load the image again", layer.diff_id);
}

void LayerStore::unpack_again(const Layer& layer) {
  const auto fresh = workspace();
  bool right = false;
  try {
    const auto blob = base::sys::open(blob_path(layer.blob), O_RDONLY);
    FdSource bytes{blob.get()};
    right = unpack_layer(bytes, fresh.upper()).diff_id == layer.diff_id;
  } catch (const base::Error&) {
    right = false;  // whatever was read, it is not the layer
  }
  if (right) return replace(fresh.upper(), directory_of(layer.diff_id));
  mark_damaged(layer.diff_id);
  base::fail("layer {} was lost when the machine went down: build or load the image again", layer.diff_id);
}

std::uint64_t LayerStore::collect(std::vector<std::string>* removed_diff_ids) {
  auto lock = base::sys::open(directory_ / "lock", O_RDWR | O_CREAT, 0600);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return 0;
  return sweep(removed_diff_ids);
}

// Rows first, then files: a crash in between leaves rubbish for the next sweep and never a row without its
// files.
std::uint64_t LayerStore::sweep(std::vector<std::string>* removed_diff_ids) {
  std::uint64_t reclaimed = 0;
  std::vector<std::string> unneeded;
  database_.each(k_unneeded_layers, {}, [&](const base::SqlRow& row) {
    unneeded.push_back(row.text(0));
    reclaimed += static_cast<std::uint64_t>(row.integer(1));
  });
  if (!unneeded.empty()) {
    database_.transaction([&] {
      for (const auto& diff_id : unneeded) database_.run("DELETE FROM layers WHERE diff_id = ?", {diff_id});
    });
  }
  base::fault_point("images.sweep.rows");
  remove_directory_contents_unknown();
  if (removed_diff_ids != nullptr) *removed_diff_ids = std::move(unneeded);
  return reclaimed;
}

void LayerStore::remove_directory_contents_unknown() {
  std::set<std::string> layer_names;
  std::set<std::string> blob_names;
  database_.each("SELECT diff_id, blob FROM layers", {}, [&](const base::SqlRow& row) {
    layer_names.insert(directory_name(row.text(0)));
    if (const auto blob = row.text(1); !blob.empty()) blob_names.insert(blob.substr(k_digest_prefix));
  });
  remove_all_but(directory_ / "tmp", {});
  partial_blobs_.remove_older_than(k_partial_lifetime);
  remove_all_but(directory_ / "layers", layer_names);
  remove_all_but(directory_ / "blobs/sha256", blob_names);
}

}  // namespace compose::images
