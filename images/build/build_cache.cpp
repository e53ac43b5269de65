#include "images/build/build_cache.hpp"

namespace compose::images {

CacheKey& CacheKey::add(std::string_view part) {
  sha_.update(std::to_string(part.size()));
  sha_.update(":");
  sha_.update(part);
  return *this;
}

CacheKey& CacheKey::add(const std::vector<std::string>& parts) {
  add(static_cast<std::uint64_t>(parts.size()));
  for (const auto& part : parts) add(part);
  return *this;
}

std::optional<CachedStep> BuildCache::find(const std::string& key) const {
  std::optional<CachedStep> found;
  database_.each(
      "SELECT c.diff_id, c.created FROM build_cache c WHERE c.key = ? "
      "AND (c.diff_id = '' OR c.diff_id IN (SELECT diff_id FROM layers WHERE boot <> 'damaged'))",
      {key},
      [&](const base::SqlRow& row) { found = CachedStep{.diff_id = row.text(0), .created = row.text(1)}; });
  return found;
}

void BuildCache::put(const std::string& key, const CachedStep& step, const std::string& title) {
  database_.run(
      "INSERT INTO build_cache (key, diff_id, created, title, used_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
      "(key) DO UPDATE "
      "SET diff_id = excluded.diff_id, created = excluded.created, used_at = excluded.used_at",
      {key, step.diff_id, step.created, title, step.created});
}

}  // namespace compose::images
