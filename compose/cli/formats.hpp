#pragma once
// --format of the verbs that list something: table, json, or a template of compose/ui/template.hpp.
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "compose/cli/verb.hpp"
#include "compose/ui/template.hpp"

namespace compose::cli {

// UsageError for another word; an Error with the place for a template that cannot be read.
void check_format(const std::string& format);
[[nodiscard]] bool is_template(const std::string& format) noexcept;

// Prints `rows` as one list of JSON or through the template. False: a table is wanted, and nothing printed.
[[nodiscard]] bool print_formatted(ui::Output& out, const std::string& format,
                                   const std::vector<base::Json>& rows, const ui::Headings& headings = {});

// The same for verbs that print an object of JSON on each line; `table` is the template of their table.
void print_lines(ui::Output& out, const std::string& format, const std::string& table,
                 const std::vector<ui::TemplateObject>& objects, const ui::Headings& headings);

// "a=1,b=2"
[[nodiscard]] std::string labels_text(const std::map<std::string, std::string>& labels);

}  // namespace compose::cli
