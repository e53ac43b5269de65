#include "scheduler/config_difference.hpp"

#include <set>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace compose::sched {
namespace {

// Members of an object say more than the object: "environment.PORT". One level is enough.
void collect(const base::Json& before, const base::Json& after, const std::string& path,
             std::vector<std::string>& out) {
  std::set<std::string> keys;
  for (const auto& [key, value] : before.items()) keys.insert(key);
  for (const auto& [key, value] : after.items()) keys.insert(key);
  for (const std::string& key : keys) {
    const auto old_value = before.find(key);
    const auto new_value = after.find(key);
    const bool in_both = old_value != before.end() && new_value != after.end();
    if (in_both && *old_value == *new_value) continue;
    if (in_both && path.empty() && old_value->is_object() && new_value->is_object())
      collect(*old_value, *new_value, key + ".", out);
    else
      out.push_back(path + key);
  }
}

}  // namespace

std::string config_difference(const std::string& before, const std::string& after) {
  constexpr const char* k_unknown = "configuration changed";
  constexpr std::size_t k_most = 4;
  if (before.empty() || after.empty()) return k_unknown;
  const base::Json old_config = base::Json::parse(before, nullptr, false);
  const base::Json new_config = base::Json::parse(after, nullptr, false);
  if (!old_config.is_object() || !new_config.is_object()) return k_unknown;
  std::vector<std::string> members;
  collect(old_config, new_config, "", members);
  if (members.empty()) return k_unknown;
  if (members.size() > k_most) {
    members.resize(k_most);
    members.emplace_back("...");
  }
  return std::string{k_unknown} + ": " + base::join(members, ", ");
}

}  // namespace compose::sched
