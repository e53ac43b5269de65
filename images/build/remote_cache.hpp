#pragma once
// Results of build steps outside of this machine: `cache_from` and `cache_to`, as a directory (an OCI layout)
// or as an image in a registry. What is written is one manifest whose config lists keys and diff ids and
// whose layers are theirs; what is read is believed as far as its digests go: a key is trusted, the bytes are
// checked.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "images/build/build_cache.hpp"
#include "images/store.hpp"

namespace compose::images {

struct CacheLocation {
  bool local = false;
  std::string place;  // a directory, or a reference
  bool operator==(const CacheLocation&) const = default;
};

// "type=local,src=DIR", "type=local,dest=DIR", "type=registry,ref=NAME", "NAME". nullopt: a type that is not
// known here. Error: a type without its place.
[[nodiscard]] std::optional<CacheLocation> parse_cache_location(std::string_view text);

struct CacheEntry {
  std::string key;
  CachedStep step;
  std::string title;
};

// An image that steps begin with, as FROM names it.
struct CacheBase {
  std::string reference;
  std::string config;  // the document, byte for byte
  std::vector<std::string> diff_ids;
};

class CacheImport {
 public:
  // Error when there is none, or it is not one of ours.
  CacheImport(Store& store, const CacheLocation& location);
  ~CacheImport();
  CacheImport(const CacheImport&) = delete;
  CacheImport& operator=(const CacheImport&) = delete;

  // Brings the layer here. nullopt: it does not know the key.
  std::optional<CachedStep> find(const std::string& key);
  // Brings an image that steps begin with here. It gets no name: what a name means to others is not for a
  // cache to say. Its id; nullopt: it is not in it.
  std::optional<std::string> provide_base(const std::string& reference);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

struct CacheContent {
  std::vector<CacheEntry> steps;
  std::vector<CacheBase> bases;
};
void export_cache(Store& store, const CacheLocation& location, const CacheContent& content);

}  // namespace compose::images
