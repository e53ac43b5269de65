#include "runtime-shim/rootfs/overlay.hpp"

#include <fcntl.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"

using namespace compose;

namespace {

// Layer i has the file "i", and "top" with its number in it.
rt::RootfsSpec many_layers(const base::HostPath& directory, std::size_t count) {
  rt::RootfsSpec rootfs{.upper = directory / "upper", .work = directory / "work"};
  for (std::size_t i = 0; i < count; ++i) {
    const auto layer = directory / base::text("layer, the {}th:", i);
    base::sys::make_directories(layer);
    const auto number = std::to_string(i);
    base::write_file_atomically(layer / number, "", 0644, base::Durability::volatile_);
    base::write_file_atomically(layer / "top", number, 0644, base::Durability::volatile_);
    rootfs.lower.insert(rootfs.lower.begin(), layer);
  }
  return rootfs;
}

void check_all_seen(const base::HostPath& directory, std::size_t count) {
  const auto root = rt::open_rootfs(many_layers(directory, count));
  CHECK(base::sys::list_at(base::sys::open_at(root.get(), ".", O_RDONLY | O_DIRECTORY).get()).size() ==
        count + 1);
  const auto top = base::sys::open_at(root.get(), "top", O_RDONLY);
  CHECK(base::sys::read_to_end(top.get(), 100) == std::to_string(count - 1));
}

}  // namespace

TEST_SUITE("runtime-shim/rootfs/overlay") {
  TEST_CASE("as many layers as an overlay takes, and one more is an error") {
    const base::TemporaryDirectory directory;
    check_all_seen(directory.path(), 500);
    CHECK_THROWS_WITH(rt::open_rootfs(many_layers(directory.path() / "more", 501)),
                      "mount the layers of the image: 501 are more than the 500 that an overlay takes");
  }

  TEST_CASE("as many layers whose paths are too long for the newer calls") {
    const base::TemporaryDirectory directory;
    check_all_seen(directory.path() / std::string(200, 'x') / std::string(200, 'y'), 500);
  }
}
