#include "images/store.hpp"

#include <algorithm>
#include <map>
#include <sys/stat.h>
#include <tuple>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "images/layer_store.hpp"
#include "images/registry/pull_records.hpp"
#include "images/store_schema.hpp"

namespace compose::images {
namespace {

std::uint64_t bytes_below(const HostPath& path) {
  const auto status = base::sys::lstat_if_exists(path);
  if (!status) return 0;  // others work here
  auto bytes = static_cast<std::uint64_t>(status->st_blocks) * 512;
  if (S_ISDIR(status->st_mode))
    for (const auto& name : base::list_directory(path)) bytes += bytes_below(path / name);
  return bytes;
}

// How many entries a directory of the store has, and what they take on disk.
std::pair<std::uint64_t, std::uint64_t> entries_and_bytes(const HostPath& directory) {
  std::pair<std::uint64_t, std::uint64_t> sum{0, 0};
  if (!base::sys::exists(directory)) return sum;
  for (const auto& name : base::list_directory(directory)) {
    ++sum.first;
    sum.second += bytes_below(directory / name);
  }
  return sum;
}

using base::fail;

constexpr std::string_view k_id_prefix = "sha256:";
constexpr std::size_t k_least_prefix = 4;

// What `up` needs of an image, kept in one row.
struct StoredImage {
  ImageConfig config;
  std::vector<std::string> diff_ids;  // bottom first
  std::string created;
  std::string architecture;
  std::string os;
  std::uint64_t size = 0;
  static constexpr auto fields() {
    return std::tuple{
        field("config", &StoredImage::config),   field("diff_ids", &StoredImage::diff_ids),
        field("created", &StoredImage::created), field("architecture", &StoredImage::architecture),
        field("os", &StoredImage::os),           field("size", &StoredImage::size)};
  }
};

bool is_id_prefix(std::string_view text) {
  return text.size() >= k_least_prefix && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Labels by which compose finds its containers. In an image they are a stranger's words and name nothing.
constexpr std::string_view k_reserved_labels = "com.docker.compose.";

std::string familiar(const std::string& full) {
  return parse_reference(full).familiar();
}

std::vector<std::string> references_of(base::Database& database, const std::string& id) {
  std::vector<std::string> references;
  database.each("SELECT reference FROM image_references WHERE image = ? ORDER BY reference", {id},
                [&](const base::SqlRow& row) { references.push_back(row.text(0)); });
  return references;
}

}  // namespace

struct Store::Row {
  std::string id;
  std::string record;
  std::string document;
};

Store::Store(base::Database& database, HostPath directory)
    : database_(database), directory_(std::move(directory)) {
  database_.migrate("images", k_store_schema);
  layers_ = std::make_unique<LayerStore>(database_, directory_);
}
Store::~Store() = default;

// ---- looking up ----

std::optional<Store::Row> Store::find(std::string_view reference) const {
  std::optional<Row> found;
  const auto take = [&](const base::SqlRow& row) { found = Row{row.text(0), row.text(1), row.text(2)}; };
  std::string_view digits = reference;
  if (digits.starts_with(k_id_prefix)) digits.remove_prefix(k_id_prefix.size());
  const bool by_id_only = digits.size() != reference.size() || digits.size() == 64;
  if (!by_id_only) {
    const auto parsed = parse_reference(reference);
    if (parsed.digest.empty())
      database_.each(
          "SELECT i.id, i.record, i.document FROM image_references r JOIN images i ON i.id = r.image WHERE "
          "r.reference = ?",
          {parsed.full()}, take);
    else
      database_.each(
          "SELECT i.id, i.record, i.document FROM image_digests d JOIN images i ON i.id = d.image WHERE "
          "d.repository = ? AND d.digest = ?",
          {parsed.domain + "/" + parsed.path, parsed.digest}, take);
  }
  if (found || !is_id_prefix(digits)) return found;
  const std::string from = std::string{k_id_prefix} + std::string{digits};
  int matches = 0;
  database_.each("SELECT id, record, document FROM images WHERE id >= ? AND id < ?", {from, from + "g"},
                 [&](const base::SqlRow& row) {
                   ++matches;
                   take(row);
                 });
  if (matches > 1) fail("image id '{}' is ambiguous: {} images begin with it", reference, matches);
  return found;
}

Store::Row Store::find_or_fail(std::string_view reference) const {
  auto row = find(reference);
  if (!row) fail("no such image: {}", reference);
  return std::move(*row);
}

Image Store::image_from(const Row& row) const {
  layers_->check_unsettled(row.id);
  auto stored = base::parse_record<StoredImage>(row.record, "image " + row.id);
  Image image{.id = row.id,
              .config = std::move(stored.config),
              .layers = layers_->directories_of(stored.diff_ids),
              .created = std::move(stored.created),
              .architecture = std::move(stored.architecture),
              .os = std::move(stored.os),
              .size = stored.size};
  std::erase_if(image.config.labels,
                [](const auto& label) { return label.first.starts_with(k_reserved_labels); });
  for (const auto& full : references_of(database_, row.id)) image.references.push_back(familiar(full));
  return image;
}

bool Store::has(std::string_view reference) const {
  return find(reference).has_value();
}

std::optional<Image> Store::resolve(std::string_view reference) const {
  const auto row = find(reference);
  if (!row) return std::nullopt;
  return image_from(*row);
}

Image Store::require(std::string_view reference) const {
  if (auto image = resolve(reference)) return std::move(*image);
  fail("image '{}' is not present locally: pull, build or load it", reference);
}

// ---- listing ----

std::vector<ImageSummary> Store::list(bool dangling) const {
  std::vector<ImageSummary> summaries;
  database_.each(
      "SELECT i.id, r.reference, i.created, json_extract(i.record, '$.size') FROM images i "
      "LEFT JOIN image_references r ON r.image = i.id ORDER BY i.created DESC, r.reference",
      {}, [&](const base::SqlRow& row) {
        if (row.is_null(1) && !dangling) return;
        ImageSummary summary{.id = row.text(0),
                             .repository = "<none>",
                             .tag = "<none>",
                             .created = row.text(2),
                             .size = static_cast<std::uint64_t>(row.integer(3))};
        if (!row.is_null(1)) {
          const auto reference = parse_reference(row.text(1));
          summary.repository = reference.repository();
          if (!reference.tag.empty()) summary.tag = reference.tag;
        }
        summaries.push_back(std::move(summary));
      });
  return summaries;
}

std::string Store::config_json(std::string_view reference) const {
  return find_or_fail(reference).document;
}

std::string Store::inspect_json(std::string_view reference) const {
  const auto row = find_or_fail(reference);
  const auto image = image_from(row);
  const auto document = base::parse_json(row.document, "image config");
  const auto part = [&](const char* name) { return document.contains(name) ? document[name] : base::Json{}; };
  base::Json json = base::Json::object();
  json["Id"] = image.id;
  json["RepoTags"] = image.references;
  json["RepoDigests"] = PullRecords{database_}.digests_of(image.id);
  json["Created"] = image.created;
  json["Author"] = document.value("author", "");
  json["Architecture"] = image.architecture;
  json["Os"] = image.os;
  json["Size"] = image.size;
  json["Config"] = part("config");
  json["RootFS"] =
      base::Json{{"Type", "layers"}, {"Layers", part("rootfs").value("diff_ids", base::Json::array())}};
  return json.dump(4, ' ', false, base::Json::error_handler_t::replace);
}

std::vector<HistoryEntry> Store::history(std::string_view reference) const {
  auto entries = parse_image_document(find_or_fail(reference).document).history;
  std::ranges::reverse(entries);
  return entries;
}

// ---- names ----

void Store::set_reference(const Reference& reference, const std::string& id) {
  if (!reference.digest.empty())
    fail("cannot give an image the name '{}': a digest is not a name", reference.familiar());
  database_.run(
      "INSERT INTO image_references (reference, image, tagged_at) VALUES (?, ?, ?) "
      "ON CONFLICT (reference) DO UPDATE SET image = excluded.image, tagged_at = excluded.tagged_at "
      "WHERE image <> excluded.image",
      {reference.full(), id, base::time_now()});
}

void Store::tag(std::string_view reference, std::string_view new_reference) {
  const auto name = parse_reference(new_reference);
  set_reference(name, find_or_fail(reference).id);
}

std::string Store::commit(const std::string& config_json, const std::vector<Reference>& references) {
  const auto id = std::string{k_id_prefix} + base::sha256_hex(config_json);
  const auto document = parse_image_document(config_json);
  StoredImage stored{.config = document.config,
                     .diff_ids = document.diff_ids,
                     .created = document.created,
                     .architecture = document.architecture,
                     .os = document.os};
  for (const auto& diff_id : document.diff_ids) {
    const auto layer = layers_->find(diff_id);
    if (!layer) fail("image {}: layer {} is not in the store", id, diff_id);
    stored.size += layer->size;
  }
  base::fault_point("images.commit.before");
  database_.transaction([&] {
    database_.run(
        "INSERT INTO images (id, record, document, created) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        {id, base::to_json(stored).dump(-1, ' ', false, base::Json::error_handler_t::replace), config_json,
         stored.created});
    std::int64_t position = 0;
    for (const auto& diff_id : document.diff_ids)
      database_.run(
          "INSERT INTO image_layers (image, position, diff_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
          {id, position++, diff_id});
    for (const auto& reference : references) set_reference(reference, id);
  });
  base::fault_point("images.commit.done");
  return id;
}

// ---- removing ----

void Store::forget_image(const std::string& id, RemovedImage& removed) {
  for (const auto& reference : references_of(database_, id)) removed.untagged.push_back(familiar(reference));
  database_.run("DELETE FROM image_references WHERE image = ?", {id});
  database_.run("DELETE FROM images WHERE id = ?", {id});
  removed.deleted.push_back(id);
}

RemovedImage Store::remove(std::string_view reference, const std::set<std::string>& in_use, bool force) {
  RemovedImage removed;
  const auto row = find_or_fail(reference);
  const auto names = references_of(database_, row.id);
  const bool by_id =
      std::ranges::none_of(names, [&](const auto& full) { return image_matches(full, reference); });
  if (by_id && names.size() > 1 && !force)
    fail("cannot remove image '{}': it has {} names (force removes them all)", reference, names.size());
  const bool last_name = by_id || names.size() <= 1;
  if (last_name && in_use.contains(row.id) && !force)
    fail("cannot remove image '{}': containers are made from it (force takes its name away)", reference);
  database_.transaction([&] {
    if (last_name && !in_use.contains(row.id)) return forget_image(row.id, removed);
    for (const auto& full : names) {
      if (!by_id && !image_matches(full, reference)) continue;
      database_.run("DELETE FROM image_references WHERE reference = ?", {full});
      removed.untagged.push_back(familiar(full));
    }
  });
  base::fault_point("images.remove.rows");
  std::vector<std::string> layers;
  removed.reclaimed = layers_->collect(&layers);
  removed.deleted.insert(removed.deleted.end(), layers.begin(), layers.end());
  return removed;
}

RemovedImage Store::prune(PruneScope scope, const std::set<std::string>& in_use) {
  std::vector<std::string> candidates;
  const std::string_view sql =
      scope == PruneScope::unused
          ? "SELECT id FROM images"
          : "SELECT id FROM images WHERE id NOT IN (SELECT image FROM image_references)";
  database_.each(sql, {}, [&](const base::SqlRow& row) {
    if (!in_use.contains(row.text(0))) candidates.push_back(row.text(0));
  });
  RemovedImage removed;
  database_.transaction([&] {
    for (const auto& id : candidates) forget_image(id, removed);
  });
  std::vector<std::string> layers;
  removed.reclaimed = layers_->collect(&layers) + layers_->partial_blobs().remove_older_than(0);
  removed.deleted.insert(removed.deleted.end(), layers.begin(), layers.end());
  return removed;
}

std::uint64_t Store::prune_build_cache() {
  database_.transaction([&] {
    database_.run("DELETE FROM build_cache");
    database_.run("DELETE FROM context_memo");
  });
  return layers_->collect();
}

DiskUsage Store::disk_usage(const std::set<std::string>& in_use) const {
  DiskUsage usage;
  std::set<std::string> used_images;
  std::map<std::string, std::pair<std::uint64_t, bool>> layers;  // size, and whether an image in use has it
  database_.each(
      "SELECT image, layers.diff_id, size + blob_size FROM image_layers JOIN layers USING (diff_id)", {},
      [&](const base::SqlRow& row) {
        const bool used = in_use.contains(row.text(0));
        if (used) used_images.insert(row.text(0));
        auto& layer = layers[row.text(1)];
        layer = {static_cast<std::uint64_t>(row.integer(2)), layer.second || used};
      });
  for (const auto& [id, layer] : layers) {
    usage.image_bytes += layer.first;
    if (!layer.second) usage.reclaimable_bytes += layer.first;
  }
  const auto number = [&](std::string_view sql) {
    std::int64_t result = 0;
    database_.each(sql, {}, [&](const base::SqlRow& row) { result = row.integer(0); });
    return static_cast<std::uint64_t>(result);
  };
  usage.images = number("SELECT count(*) FROM images");
  usage.images_in_use = used_images.size();
  usage.cache_entries = number("SELECT count(*) FROM build_cache");
  usage.cache_bytes = number(
      "SELECT sum(size + blob_size) FROM layers WHERE diff_id NOT IN (SELECT diff_id FROM image_layers)");
  std::tie(usage.cache_mounts, usage.cache_mount_bytes) = entries_and_bytes(directory_ / "cache");
  std::tie(usage.partial_blobs, usage.partial_bytes) = entries_and_bytes(directory_ / "partial");
  return usage;
}

}  // namespace compose::images
