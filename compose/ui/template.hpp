#pragma once
// The part of Go's text/template that people use with --format: fields ({{.Name}}), the functions json,
// upper, lower and title on a field, json on the whole ({{json .}}), and literal text with \t and \n.
// Anything else is an Error that says so.
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace compose::ui {

// One object to format: its fields as text, and its JSON form.
struct TemplateObject {
  std::vector<std::pair<std::string, std::string>> fields;
  std::string json;
};

class Template {
 public:
  explicit Template(std::string_view format);
  [[nodiscard]] std::string render(const TemplateObject& object) const;
  // The fields in order, upper case, as the header that "table {{.Name}}" asks for.
  [[nodiscard]] std::vector<std::string> header() const;
  [[nodiscard]] bool wants_table() const noexcept { return table_; }
  // Cells of one row: the text cut at tabs.
  [[nodiscard]] std::vector<std::string> cells(const TemplateObject& object) const;

 private:
  struct Part {
    std::string literal;   // when `field` is empty
    std::string field;     // "Name", or "." for the whole object
    std::string function;  // "", "json", "upper", "lower", "title"
  };
  void parse_action(std::string_view action);
  bool table_ = false;
  std::vector<Part> parts_;
};

}  // namespace compose::ui
