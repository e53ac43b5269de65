#pragma once
// What earlier builds found out: a key digests everything a step depends on (the layers below, the
// instruction with its variables replaced, the content of what it reads), the value is the layer that came of
// it. Only local builds write here, and what `cache_from` was asked to bring
// (remote_cache.hpp); images that were loaded or pulled never answer for a step.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/database.hpp"
#include "base/digest.hpp"

namespace compose::images {

struct CachedStep {
  std::string diff_id;  // empty: the step changed nothing
  std::string created;  // RFC 3339, when it ran
};

// Digests parts so that no two different lists of parts give the same key.
class CacheKey {
 public:
  CacheKey& add(std::string_view part);
  CacheKey& add(std::uint64_t number) { return add(std::to_string(number)); }
  CacheKey& add(const std::vector<std::string>& parts);
  [[nodiscard]] std::string finish() { return sha_.finish(); }  // once

 private:
  base::Sha256 sha_;
};

class BuildCache {
 public:
  explicit BuildCache(base::Database& database) : database_(database) {}
  [[nodiscard]] std::optional<CachedStep> find(const std::string& key) const;
  void put(const std::string& key, const CachedStep& step, const std::string& title);

 private:
  base::Database& database_;
};

}  // namespace compose::images
