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

bool print_formatted(ui::Output& out, const std::string& format, const std::vector<base::Json>& rows,
                     const ui::Headings& headings) {
  if (format == "json") {
    out.line(base::Json(rows).dump());
    return true;
  }
  if (!is_template(format)) return false;
  std::vector<ui::TemplateObject> objects;
  for (const auto& row : rows) objects.push_back({.fields = row});
  ui::write_formatted(out, format, objects, headings);
  return true;
}

}  // namespace compose::cli
