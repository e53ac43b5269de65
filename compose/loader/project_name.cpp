#include "compose/loader/project_name.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace compose::loader {

namespace {

bool starts_project_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool continues_project_name(char c) {
  return starts_project_name(c) || c == '_' || c == '-';
}

}  // namespace

bool is_project_name(std::string_view name) {
  return !name.empty() && starts_project_name(name[0]) && std::ranges::all_of(name, continues_project_name);
}

std::string normalised_name(std::string_view name) {
  std::string result;
  for (const char c : base::lower_case(name))
    if (continues_project_name(c)) result += c;
  return result.substr(std::min(result.find_first_not_of("_-"), result.size()));
}

}  // namespace compose::loader
