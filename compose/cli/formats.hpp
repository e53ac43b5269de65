#pragma once
// --format of the verbs that list something: table, json, or a template of compose/ui/template.hpp.
#include <string>

#include "compose/cli/verb.hpp"
#include "compose/ui/template.hpp"

namespace compose::cli {

// UsageError for another word; an Error with the place for a template that cannot be read.
void check_format(const std::string& format);
[[nodiscard]] bool is_template(const std::string& format) noexcept;

}  // namespace compose::cli
