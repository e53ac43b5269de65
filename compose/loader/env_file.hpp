#pragma once
// Env files: .env, --env-file, services.*.env_file and label_file.
//
//   file      = [BOM] *( blank / "#" comment / statement )
//   statement = ["export" ws] key ws ("=" / ":") ws value     a value
//             / ["export" ws] key       inherited: the value that lookup() knows, else nothing
//   value     = unquoted to the end of line or " #" / 'literal' / "escapes and $VARIABLES"
//
// Quoted values may span lines. Format `raw`: each line is KEY=VALUE, taken as it stands.
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compose/loader/source.hpp"

namespace compose::loader {

struct EnvFileReader {
  using Lookup = std::function<std::optional<std::string>(std::string_view)>;
  Lookup lookup;         // comes before the keys of the file itself
  Lookup fallback = {};  // comes after them
  bool raw = false;
};

// In order of appearance; the last of a key wins.
using Assignments = std::vector<std::pair<std::string, std::string>>;

// Reads sources.text(source). The first problem ends the file.
Assignments parse_env_file(const Sources& sources, std::uint32_t source, const EnvFileReader& reader,
                           Diagnostics& diagnostics);

}  // namespace compose::loader
