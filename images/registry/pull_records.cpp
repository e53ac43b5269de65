#include "images/registry/pull_records.hpp"

namespace compose::images {
namespace {

std::vector<std::string> texts(base::Database& database, std::string_view sql,
                               const std::vector<base::SqlValue>& arguments) {
  std::vector<std::string> found;
  database.each(sql, arguments, [&](const base::SqlRow& row) { found.push_back(row.text(0)); });
  return found;
}

}  // namespace

void PullRecords::put_manifest(const std::string& image, const StoredManifest& manifest) {
  database_.run(
      "INSERT INTO image_manifests (digest, image, media_type, document) VALUES (?, ?, ?, ?) ON CONFLICT DO "
      "NOTHING",
      {manifest.digest, image, manifest.media_type, manifest.document});
}

std::vector<StoredManifest> PullRecords::manifests_of(const std::string& image) const {
  std::vector<StoredManifest> found;
  database_.each("SELECT digest, media_type, document FROM image_manifests WHERE image = ? ORDER BY digest",
                 {image}, [&](const base::SqlRow& row) {
                   found.push_back({row.text(0), row.text(1), row.text(2)});
                 });
  return found;
}

void PullRecords::put_digest(const std::string& repository, const std::string& digest,
                             const std::string& image) {
  database_.run(
      "INSERT INTO image_digests (repository, digest, image) VALUES (?, ?, ?) "
      "ON CONFLICT (repository, digest) DO UPDATE SET image = excluded.image",
      {repository, digest, image});
}

std::vector<std::string> PullRecords::digests_of(const std::string& image) const {
  std::vector<std::string> found;
  database_.each("SELECT repository, digest FROM image_digests WHERE image = ? ORDER BY repository, digest",
                 {image}, [&](const base::SqlRow& row) {
                   found.push_back(parse_reference(row.text(0)).repository() + "@" + row.text(1));
                 });
  return found;
}

std::optional<std::string> PullRecords::image_of(const std::string& repository,
                                                 const std::string& digest) const {
  const auto found = texts(database_, "SELECT image FROM image_digests WHERE repository = ? AND digest = ?",
                           {repository, digest});
  if (found.empty()) return std::nullopt;
  return found.front();
}

std::vector<std::string> PullRecords::repositories_with(const std::string& diff_id) const {
  return texts(database_,
               "SELECT DISTINCT repository FROM image_digests WHERE image IN (SELECT image FROM image_layers "
               "WHERE diff_id = ?) ORDER BY repository",
               {diff_id});
}

void PullRecords::put_pulled_at(const Reference& reference, const std::string& time) {
  database_.run("UPDATE image_references SET pulled_at = ? WHERE reference = ?", {time, reference.full()});
}

std::string PullRecords::pulled_at(const Reference& reference) const {
  const auto found =
      texts(database_, "SELECT pulled_at FROM image_references WHERE reference = ?", {reference.full()});
  return found.empty() ? "" : found.front();
}

void PullRecords::put_packed(const std::string& diff_id, const PackedLayer& packed) {
  database_.run(
      "INSERT INTO packed_layers (diff_id, digest, size) VALUES (?, ?, ?) "
      "ON CONFLICT (diff_id) DO UPDATE SET digest = excluded.digest, size = excluded.size",
      {diff_id, packed.digest, static_cast<std::int64_t>(packed.size)});
}

std::optional<PackedLayer> PullRecords::packed(const std::string& diff_id) const {
  std::optional<PackedLayer> found;
  database_.each("SELECT digest, size FROM packed_layers WHERE diff_id = ?", {diff_id},
                 [&](const base::SqlRow& row) {
                   found = PackedLayer{row.text(0), static_cast<std::uint64_t>(row.integer(1))};
                 });
  return found;
}

}  // namespace compose::images
