#include "runtime-shim/init/init_program.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <string_view>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"

// The bytes, where the linker puts constants.
asm(".pushsection .rodata.compose_init, \"a\"\n"
    ".balign 16\n"
    ".global compose_init_begin\n"
    ".global compose_init_end\n"
    "compose_init_begin: .incbin \"" COMPOSE_INIT_FILE
    "\"\n"
    "compose_init_end:\n"
    ".popsection\n");
extern "C" const char compose_init_begin[];
extern "C" const char compose_init_end[];

namespace compose::rt {
namespace {

base::UniqueFd mount_in_memory() {
  const base::UniqueFd fs{base::check(base::sys::fsopen("tmpfs", FSOPEN_CLOEXEC), "make room for the init")};
  const auto set = [&](const char* key, const char* value) {
    base::check(base::sys::fsconfig(fs.get(), FSCONFIG_SET_STRING, key, value, 0), "make room for the init");
  };
  set("size", "64k");
  set("nr_inodes", "8");
  set("mode", "0755");
  base::check(base::sys::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0),
              "make room for the init");
  return base::UniqueFd{
      base::check(base::sys::fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV),
                  "make room for the init")};
}

}  // namespace

base::UniqueFd make_init_program() {
  const auto mount = mount_in_memory();
  const char* const path = k_init_path + 1;
  base::check(::mkdirat(mount.get(), "sbin", 0755), "write the init");
  {
    const base::UniqueFd file{base::check(
        ::openat(mount.get(), path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755), "write the init")};
    base::sys::write_all(file.get(), std::string_view{compose_init_begin, compose_init_end});
  }
  const mount_attr read_only{.attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
  base::check(base::sys::mount_setattr(mount.get(), "", AT_EMPTY_PATH, read_only), "protect the init");
  return base::UniqueFd{base::check(::openat(mount.get(), path, O_PATH | O_CLOEXEC), "open the init")};
}

}  // namespace compose::rt
