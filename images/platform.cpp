#include "images/platform.hpp"

#include <algorithm>
#include <sys/utsname.h>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace compose::images {
namespace {

// Names that kernels, Debian and OCI have for the same architecture.
Platform normalised(Platform platform) {
  auto& architecture = platform.architecture;
  architecture = base::lower_case(architecture);
  if (architecture == "x86_64" || architecture == "x86-64") architecture = "amd64";
  if (architecture == "i386" || architecture == "i686") architecture = "386";
  if (architecture == "aarch64") architecture = "arm64";
  if (architecture == "armhf" || architecture == "armv7l") platform = {platform.os, "arm", "v7"};
  if (architecture == "armel" || architecture == "armv6l") platform = {platform.os, "arm", "v6"};
  if (architecture == "arm64" && (platform.variant == "8" || platform.variant == "v8"))
    platform.variant.clear();
  if (architecture == "amd64" && platform.variant == "v1") platform.variant.clear();
  if (!platform.variant.empty() && platform.variant.front() != 'v') platform.variant.insert(0, "v");
  return platform;
}

// "v7" -> 7. Without one, arm means v7 and everything else its first.
int level(const Platform& platform) {
  if (platform.variant.size() == 2 && platform.variant[1] >= '0' && platform.variant[1] <= '9')
    return platform.variant[1] - '0';
  if (platform.architecture == "arm") return 7;
  return platform.architecture == "arm64" ? 8 : 1;
}

bool is_name(std::string_view word) {
  return !word.empty() && word.size() <= 64 && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace

std::string Platform::text() const {
  return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

Platform own_platform() {
  struct utsname names {};
  base::check(::uname(&names), "ask for the machine's architecture");
  return normalised({"linux", names.machine, ""});
}

Platform parse_platform(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= text.size();) {
    const auto slash = std::min(text.find('/', at), text.size());
    words.emplace_back(text.substr(at, slash - at));
    at = slash + 1;
  }
  if (words.size() > 3 || !std::ranges::all_of(words, is_name))
    base::fail("invalid platform '{}': must be <system>/<architecture>[/<variant>]", text);
  if (words.size() == 1) {
    auto own = own_platform();
    if (words[0] == "linux") return own;
    return normalised({own.os, words[0], ""});
  }
  return normalised({words[0], words[1], words.size() == 3 ? words[2] : ""});
}

int platform_rank(const Platform& offered, const Platform& wanted) {
  const auto have = normalised(offered);
  const auto want = normalised(wanted);
  if (have.os != want.os || have.architecture != want.architecture || level(have) > level(want)) return 0;
  return 2 + level(have);
}

}  // namespace compose::images
