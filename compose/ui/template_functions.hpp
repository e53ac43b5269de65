#pragma once
// The functions of --format templates, and how values print there. Pure. Errors say what is wrong with the
// arguments; the caller knows where they stand.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace compose::ui::templates {

// `and` and `or` are among them, though whoever evaluates them must not evaluate all their arguments.
[[nodiscard]] bool is_function(std::string_view name);
[[nodiscard]] std::vector<std::string_view> function_names();

[[nodiscard]] base::Json call_function(std::string_view name, std::span<const base::Json> arguments);

// false, 0, nothing, and what is empty are not true.
[[nodiscard]] bool is_true(const base::Json& value);
// As Go prints it: text, 5, true, [a b], {a b}; nothing is <no value>.
[[nodiscard]] std::string shown(const base::Json& value);

// printf's language: %s %q %v %d %x %X %o %b %t %f %e %g %%, with width, precision and the flags - + 0 and
// blank.
[[nodiscard]] std::string format_values(std::string_view format, std::span<const base::Json> values);

}  // namespace compose::ui::templates
