#pragma once
// What a registry asks for in WWW-Authenticate (RFC 9110, 11.6.1): 'Bearer
// realm="https://auth/",service="x"'. Pure; total: what cannot be read ends the list.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace compose::images {

struct Challenge {
  std::string scheme;                             // lowercase: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names lowercase
  bool operator==(const Challenge&) const = default;
};

[[nodiscard]] std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace compose::images
