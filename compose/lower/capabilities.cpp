#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "compose/lower/service_lowering.hpp"
#include "runtime-shim/spec/kernel_words.hpp"

namespace compose::lower {
namespace {

// What a container gets when the file says nothing: Docker's default.
constexpr std::array<std::string_view, 14> k_default{
    "CAP_CHOWN",      "CAP_DAC_OVERRIDE", "CAP_FOWNER",      "CAP_FSETID",           "CAP_KILL",
    "CAP_SETGID",     "CAP_SETUID",       "CAP_SETPCAP",     "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",
    "CAP_SYS_CHROOT", "CAP_MKNOD",        "CAP_AUDIT_WRITE", "CAP_SETFCAP"};

// "net_raw" -> "CAP_NET_RAW", "all" -> "ALL"
std::string canonical(const std::string& name) {
  const auto lower = base::lower_case(name);
  if (lower == "all" || lower == "cap_all") return "ALL";
  const auto number = rt::capability_number(name);
  if (!number) base::fail("unknown capability \"{}\"", name);
  return base::text("CAP_{}", rt::capability_words()[static_cast<std::size_t>(*number)]);
}

std::vector<std::string> canonical(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(canonical(name));
  return out;
}

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::vector<std::string> final_capabilities(const std::vector<std::string>& add,
                                            const std::vector<std::string>& drop, bool privileged) {
  const std::vector<std::string> added = canonical(add);
  const std::vector<std::string> dropped = canonical(drop);
  const bool add_all = contains(added, "ALL");
  const bool drop_all = contains(dropped, "ALL");
  std::vector<std::string> result;
  for (const std::string_view word : rt::capability_words()) {
    const std::string name = base::text("CAP_{}", word);
    bool kept = false;
    if (privileged)
      kept = true;
    else if (add_all)
      kept = !contains(dropped, name);
    else if (drop_all)
      kept = contains(added, name);
    else
      kept = contains(added, name) || (contains(k_default, name) && !contains(dropped, name));
    if (kept) result.push_back(name);
  }
  return result;
}

}  // namespace compose::lower
