#pragma once
// A directory below tmp/ that goes with its owner. `upper()` becomes the layer.
//
// Where it lies matters. An ext4 without a journal does not give out an inode again for minutes after its
// file was removed, but looks at every such inode each time one is wanted: where a tree was removed a moment
// ago, making a file costs a hundred times what it costs elsewhere. So workspaces are spread over the disk,
// and one that was slow to make is made again in another part of it.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/path.hpp"

namespace compose::images {

class Workspace {
 public:
  explicit Workspace(const base::HostPath& parent);
  ~Workspace();
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&&) = delete;
  [[nodiscard]] const base::HostPath& path() const noexcept { return path_; }
  [[nodiscard]] base::HostPath upper() const { return path_ / "upper"; }  // exists
  [[nodiscard]] base::HostPath work() const { return path_ / "work"; }    // exists

 private:
  base::HostPath path_;
};

// A place for a tree, and what one directory in it took to make, in processor time.
struct Ground {
  base::HostPath path;
  std::chrono::nanoseconds cost{0};
};

// The first of at most `most` grounds that is quick, or the quickest of them. The others are discarded. Fewer
// are made where they are all alike, or no more can be; error when there is none.
base::HostPath choose_ground(std::size_t most, const std::function<Ground()>& make,
                             const std::function<void(const base::HostPath&)>& discard);

}  // namespace compose::images
