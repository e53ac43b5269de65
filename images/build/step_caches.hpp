#pragma once
// The caches that one RUN step mounts: directories of the store that outlive builds. Each is taken once a
// step, all in one order, so that two steps that want the same ones never wait for each other. Internal to
// images/build.
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/unique_fd.hpp"
#include "images/build/root_view.hpp"
#include "images/layer_store.hpp"

namespace compose::images {

// shared: with all who share it. locked: one step at a time uses it. private_: who finds it in use gets
// another one. In the order of strictness.
enum class CacheSharing : std::uint8_t { shared, private_, locked };
[[nodiscard]] CacheSharing cache_sharing(const std::string& word);

struct CacheWish {
  CacheSharing sharing = CacheSharing::shared;
  std::function<void(const base::HostPath&)> fill;  // what a new one begins with
  Owner owner;                                      // of a new one
  std::uint32_t mode = 0755;
};

class StepCaches {
 public:
  StepCaches(const LayerStore& layers, const Workspace& workspace) : layers_(layers), workspace_(workspace) {}

  // Of several wishes for one cache the first says how it begins, the strictest who may share it.
  void want(const std::string& id, CacheWish wish);
  void take();  // waits for those that are in use otherwise
  // Of one that was taken, until this object goes.
  [[nodiscard]] const base::HostPath& path(const std::string& id) const { return taken_.at(id).path; }

 private:
  struct Taken {
    base::HostPath path;
    base::UniqueFd directory;  // with its lock
  };
  [[nodiscard]] Taken take_one(const std::string& id, const CacheWish& wish) const;
  [[nodiscard]] Taken provide(const std::string& id, const CacheWish& wish) const;
  void make(const base::HostPath& path, const CacheWish& wish) const;
  [[nodiscard]] static bool lock(const Taken& taken, int operation);

  const LayerStore& layers_;
  const Workspace& workspace_;
  std::map<std::string, CacheWish> wishes_;
  std::map<std::string, Taken> taken_;
};

// Makes what is missing of `path` below `root`, each component reached by descriptor with `root` as the root:
// a link that a step left leads nowhere else.
void make_directories_inside(int root, const std::string& path);

}  // namespace compose::images
