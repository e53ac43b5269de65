#include "compose/cli/formats.hpp"

#include "base/text.hpp"

namespace compose::cli {

bool is_template(const std::string& format) noexcept {
  return format.find("{{") != std::string::npos;
}

void check_format(const std::string& format) {
  if (format == "table" || format == "json") return;
  if (!is_template(format))
    throw UsageError(base::text("unsupported format \"{}\": must be table, json or a template", format));
  static_cast<void>(ui::Template{format});
}

}  // namespace compose::cli
