#include "images/platform.hpp"

#include <sys/utsname.h>

#include "base/error.hpp"

namespace compose::images {

Platform own_platform() {
  struct utsname names {};
  base::check(::uname(&names), "ask for the machine's architecture");
  const std::string machine = names.machine;
  if (machine == "x86_64") return {"linux", "amd64"};
  if (machine == "aarch64") return {"linux", "arm64"};
  return {"linux", machine};
}

}  // namespace compose::images
