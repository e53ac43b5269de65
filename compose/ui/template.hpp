#pragma once
// --format: a template in the language of Go's text/template (template_syntax.hpp) with Docker's functions
// (template_functions.hpp), rendered once for each object that a command lists. "table " before it makes
// columns of what tabs separate, with headings made of the fields.
//
// Errors name the place:
//   format:1:3: there is no field 'Nmae', did you mean 'Name'?
//       {{.Nmae}}
//         ^
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "compose/ui/output.hpp"
#include "compose/ui/template_syntax.hpp"

namespace compose::ui {

// One object to format: a mapping of its fields, and what {{.Label "name"}} answers with.
struct TemplateObject {
  base::Json fields = base::Json::object();
  std::map<std::string, std::string> labels;
};

// Field -> heading, where it is not made of the field's own words ("CreatedAt" is CREATED AT).
using Headings = std::map<std::string, std::string, std::less<>>;

class Template {
 public:
  explicit Template(std::string_view format);
  [[nodiscard]] std::string render(const TemplateObject& object) const;
  [[nodiscard]] bool wants_table() const noexcept { return table_; }
  [[nodiscard]] std::vector<std::string> header(const Headings& headings = {}) const;
  // One row: the text cut at tabs.
  [[nodiscard]] std::vector<std::string> cells(const TemplateObject& object) const;

 private:
  [[nodiscard]] base::Error at_its_place(const templates::Trouble& trouble) const;
  std::string source_;
  bool table_ = false;
  std::size_t begin_ = 0;  // behind "table "
  std::vector<templates::Piece> pieces_;
};

// Prints all objects, as lines or as a table.
void write_formatted(Output& out, const std::string& format, const std::vector<TemplateObject>& objects,
                     const Headings& headings = {});

}  // namespace compose::ui
