#pragma once
// The interpolation language of compose files, env files included: $NAME, ${NAME}, ${NAME:-word}, -, :+, +,
// :?, ?, $$. Words are templates themselves; a word is evaluated only when it is taken, and a value is never
// interpolated again.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace compose::loader {

// The template does not follow the grammar, or a required variable is missing. `offset`: where in the
// template.
class TemplateError final : public base::Error {
 public:
  TemplateError(std::size_t offset, const std::string& message) : base::Error(message), offset_(offset) {}
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

struct TemplateContext {
  std::function<std::optional<std::string>(std::string_view name)> lookup;
  std::function<void(std::string_view name)> on_unset;  // an unset variable without default was used
};

// Throws TemplateError. Output is limited to 4 MiB, nesting of words to 50.
std::string substitute(std::string_view text, const TemplateContext& context);

// What a template asks for, for `config --variables`.
struct TemplateVariable {
  std::string name;
  bool required = false;
  std::string default_value;
  std::string alternate_value;
  bool operator==(const TemplateVariable&) const = default;
};
std::vector<TemplateVariable> variables_of(std::string_view text);

}  // namespace compose::loader
