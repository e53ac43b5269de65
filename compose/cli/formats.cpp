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

void print_lines(ui::Output& out, const std::string& format, const std::string& table,
                 const std::vector<ui::TemplateObject>& objects, const ui::Headings& headings) {
  if (format != "json")
    return ui::write_formatted(out, format == "table" ? table : format, objects, headings);
  for (const auto& object : objects) out.line(object.fields.dump());
}

std::string labels_text(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : labels) parts.push_back(key + "=" + value);
  return base::join(parts, ",");
}

}  // namespace compose::cli
