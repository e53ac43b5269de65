#include "runtime-shim/isolation/rlimits.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "runtime-shim/spec/kernel_words.hpp"

namespace compose::rt {
namespace {

constexpr rlim_t k_default_soft_files = 1024;
constexpr rlim_t k_default_hard_files = 524288;

rlimit own_limit(int resource) {
  rlimit value{};
  base::check(::getrlimit(static_cast<__rlimit_resource_t>(resource), &value), "read resource limit {}",
              resource);
  return value;
}

int resource_number(std::string_view name) {
  for (const auto& l : resource_limits())
    if (l.name == name) return l.resource;
  base::fail("resource limit '{}' is unknown", name);
}

}  // namespace

std::vector<PreparedRlimit> prepare_rlimits(std::span<const Rlimit> wanted, bool may_raise,
                                            std::vector<std::string>& warnings) {
  // Never what the caller's shell happens to have: the same container gets the same limits.
  const rlim_t hard_files = std::min(own_limit(RLIMIT_NOFILE).rlim_max, k_default_hard_files);
  std::vector<PreparedRlimit> out{{RLIMIT_NOFILE, {std::min(k_default_soft_files, hard_files), hard_files}}};
  for (const auto& limit : wanted) {
    if (limit.soft > limit.hard)
      base::fail("resource limit '{}': soft {} is above hard {}", limit.name, limit.soft, limit.hard);
    PreparedRlimit prepared{resource_number(limit.name), {limit.soft, limit.hard}};
    if (const auto own = own_limit(prepared.resource); !may_raise && prepared.value.rlim_max > own.rlim_max) {
      warnings.push_back(base::text("resource limit '{}' is cut to {}, the highest this host allows",
                                    limit.name, own.rlim_max));
      prepared.value.rlim_max = own.rlim_max;
      prepared.value.rlim_cur = std::min(prepared.value.rlim_cur, own.rlim_max);
    }
    std::erase_if(out, [&](const PreparedRlimit& p) { return p.resource == prepared.resource; });
    out.push_back(prepared);
  }
  return out;
}

}  // namespace compose::rt
