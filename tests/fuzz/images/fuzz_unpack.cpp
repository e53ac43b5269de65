// Archives of any kind into a directory whose neighbour must not change. Runs as whoever starts it; without
// root, owners and devices are refused by the kernel, which is an Error like others.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack.hpp"

namespace base = compose::base;
namespace images = compose::images;

namespace {

// Made once; the canary is looked at after every input.
struct Arena {
  base::TemporaryDirectory directory{"/dev/shm/compose-fuzz-"};
  base::HostPath target = directory.path() / "target";
  base::HostPath canary = directory.path() / "canary";
  Arena() { base::write_file_atomically(canary, "alive"); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Arena arena;
  base::sys::make_directory(arena.target);
  try {
    images::MemorySource bytes{{reinterpret_cast<const char*>(data), size}};
    images::DecompressingSource plain{bytes};
    const auto target = base::sys::open(arena.target, O_RDONLY | O_DIRECTORY);
    images::unpack_tar(plain, target.get(), {.max_bytes = 1U << 20U, .max_entries = 1000});
    (void)images::pack_directory(target.get(), images::PackForm::layer);
  } catch (const base::Error&) {
  }
  base::sys::remove_tree(arena.target);
  if (base::read_file(arena.canary) != "alive" || base::list_directory(arena.directory.path()).size() != 1)
    std::abort();
  return 0;
}
