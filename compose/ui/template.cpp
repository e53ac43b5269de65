#include "compose/ui/template.hpp"

#include <algorithm>

#include "base/similar.hpp"
#include "base/text.hpp"
#include "compose/ui/table.hpp"
#include "compose/ui/template_functions.hpp"

namespace compose::ui {

namespace {

using base::Json;
using base::text;
using templates::Command;
using templates::Operand;
using templates::Piece;
using templates::Pipeline;
using templates::Trouble;

constexpr std::size_t k_most_steps = 1'000'000;
constexpr std::size_t k_most_text = 1U << 20U;  // of one value, and of what one object becomes
constexpr std::string_view k_table = "table ";

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && text[i + 1] == 't')
      out += '\t', ++i;
    else if (escape && text[i + 1] == 'n')
      out += '\n', ++i;
    else
      out += text[i];
  }
  return out;
}

void unescape_texts(std::vector<Piece>& pieces) {
  for (auto& piece : pieces) {
    piece.text = unescape(piece.text);
    unescape_texts(piece.body);
    unescape_texts(piece.otherwise);
  }
}

const Json& field_of(const Json& value, const templates::Key& key) {
  if (!value.is_object())
    throw Trouble(key.at, text("there is no field '{}' here: this has no fields", key.name));
  const auto found = value.find(key.name);
  if (found != value.end()) return *found;
  std::vector<std::string_view> known;
  for (const auto& [name, member] : value.items()) known.push_back(name);
  const auto near = base::nearest(key.name, known);
  throw Trouble(key.at, text("there is no field '{}'{}", key.name,
                             near.empty() ? "" : text(", did you mean '{}'?", near)));
}

// One object through the template.
class Rendering {
 public:
  explicit Rendering(const TemplateObject& object) : object_(object) {}

  std::string run(const std::vector<Piece>& pieces) {
    run_all(pieces, {&object_.fields, true});
    return std::move(out_);
  }

 private:
  enum class Flow : std::uint8_t { on, break_, continue_ };
  struct Dot {
    const Json* value;
    bool whole;  // it is the object itself, which has labels
  };

  Flow run_all(const std::vector<Piece>& pieces, Dot dot) {
    const auto outer = variables_.size();
    Flow flow = Flow::on;
    for (const auto& piece : pieces) {
      flow = run_one(piece, dot);
      if (flow != Flow::on) break;
    }
    variables_.resize(outer);
    return flow;
  }

  Flow run_one(const Piece& piece, Dot dot) {
    spend(piece.at, 1);
    switch (piece.kind) {
      case Piece::Kind::text:
        append(piece, piece.text);
        return Flow::on;
      case Piece::Kind::action: {
        const Json value = evaluate_and_set(piece.pipeline, dot);
        if (piece.pipeline.variables.empty()) append(piece, templates::shown(value));
        return Flow::on;
      }
      case Piece::Kind::if_:
      case Piece::Kind::with:
        return run_condition(piece, dot);
      case Piece::Kind::range:
        return run_range(piece, dot);
      case Piece::Kind::break_:
        return Flow::break_;
      case Piece::Kind::continue_:
        return Flow::continue_;
    }
    return Flow::on;
  }

  // Every piece, and every value by its size: nobody waits for a template that goes through a million lists.
  void spend(std::size_t at, std::size_t steps) {
    steps_ += steps;
    if (steps_ > k_most_steps) throw Trouble(at, text("this takes more than {} steps", k_most_steps));
  }

  static std::size_t weight(const Json& value) {
    constexpr std::size_t characters = 64;  // are one step
    if (value.is_string()) return 1 + value.get_ref<const std::string&>().size() / characters;
    return 1 + (value.is_structured() ? value.size() : 0);
  }

  void append(const Piece& piece, std::string_view more) {
    if (out_.size() + more.size() > k_most_text)
      throw Trouble(piece.at, "this makes more than a megabyte of text");
    out_ += more;
  }

  Flow run_condition(const Piece& piece, Dot dot) {
    const auto outer = variables_.size();
    const Json value = evaluate_and_set(piece.pipeline, dot);
    Flow flow = Flow::on;
    if (!templates::is_true(value))
      flow = run_all(piece.otherwise, dot);
    else
      flow = run_all(piece.body, piece.kind == Piece::Kind::with ? Dot{&value, false} : dot);
    variables_.resize(outer);
    return flow;
  }

  Flow run_range(const Piece& piece, Dot dot) {
    const Json list = listed(piece, evaluate(piece.pipeline, dot));
    if (list.empty()) return run_all(piece.otherwise, dot);
    const auto outer = variables_.size();
    for (const auto& [key, value] : list.items()) {
      variables_.resize(outer);
      const Json index = list.is_array() ? Json(std::stoll(key)) : Json(key);
      set_range_variables(piece.pipeline, index, value);
      const Flow flow = run_all(piece.body, {&value, false});
      if (flow == Flow::break_) break;
    }
    variables_.resize(outer);
    return Flow::on;
  }

  // What range goes through; a number is that many steps.
  Json listed(const Piece& piece, Json value) {
    if (value.is_structured()) return value;
    if (value.is_null()) return Json::array();
    if (!value.is_number_integer())
      throw Trouble(piece.pipeline.at,
                    text("range goes through lists and mappings, not '{}'", templates::shown(value)));
    Json numbers = Json::array();
    const auto count = std::max<std::int64_t>(value.get<std::int64_t>(), 0);
    spend(piece.pipeline.at, static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) numbers.push_back(i);
    return numbers;
  }

  void set_range_variables(const Pipeline& pipeline, const Json& index, const Json& value) {
    if (pipeline.variables.size() == 1) set(pipeline, pipeline.variables[0], value);
    if (pipeline.variables.size() != 2) return;
    set(pipeline, pipeline.variables[0], index);
    set(pipeline, pipeline.variables[1], value);
  }

  void set(const Pipeline& pipeline, const std::string& name, Json value) {
    if (pipeline.declares) {
      variables_.emplace_back(name, std::move(value));
      return;
    }
    variable(name, pipeline.at) = std::move(value);
  }

  Json& variable(const std::string& name, std::size_t at) {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const auto& known) { return known.first == name; });
    if (found == variables_.rend()) throw Trouble(at, text("there is no variable '${}'", name));
    return found->second;
  }

  Json evaluate(const Pipeline& pipeline, Dot dot) {
    Json value;
    for (std::size_t i = 0; i < pipeline.commands.size(); ++i)
      value = run_command(pipeline.commands[i], dot, i == 0 ? nullptr : &value);
    return value;
  }

  Json evaluate_and_set(const Pipeline& pipeline, Dot dot) {
    Json value = evaluate(pipeline, dot);
    for (const auto& name : pipeline.variables) set(pipeline, name, value);
    return value;
  }

  Json run_command(const Command& command, Dot dot, const Json* piped) {
    const Operand& first = command.words.front();
    if (first.kind == Operand::Kind::function) return call(command, dot, piped);
    if (is_label(first, dot)) return label(command, dot, piped);
    if (command.words.size() > 1 || piped != nullptr)
      throw Trouble(first.at, "this is no function, so nothing can be given to it");
    return value_of(first, dot);
  }

  Json call(const Command& command, Dot dot, const Json* piped) {
    const Operand& function = command.words.front();
    const bool stops_early = function.name == "and" || function.name == "or";
    std::vector<Json> arguments;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      arguments.push_back(value_of(command.words[i], dot));
      if (stops_early && templates::is_true(arguments.back()) == (function.name == "or"))
        return arguments.back();
    }
    if (piped != nullptr) arguments.push_back(*piped);
    try {
      Json result = templates::call_function(function.name, arguments);
      if (result.is_string() && result.get_ref<const std::string&>().size() > k_most_text)
        base::fail("{}: this makes more than a megabyte of text", function.name);
      spend(function.at, weight(result));
      return result;
    } catch (const Trouble&) {
      throw;
    } catch (const base::Error& e) {
      throw Trouble(function.at, e.what());
    }
  }

  static bool is_label(const Operand& operand, Dot dot) {
    const bool of_object = (operand.kind == Operand::Kind::dot && dot.whole) ||
                           (operand.kind == Operand::Kind::variable && operand.name.empty());
    return of_object && operand.fields.size() == 1 && operand.fields.front().name == "Label";
  }

  Json label(const Command& command, Dot dot, const Json* piped) {
    const std::size_t given = command.words.size() - 1 + (piped != nullptr ? 1 : 0);
    if (given != 1)
      throw Trouble(command.words.front().at, ".Label takes the name of one label: .Label \"name\"");
    const Json name = piped != nullptr ? *piped : value_of(command.words[1], dot);
    const auto found = name.is_string() ? object_.labels.find(name.get<std::string>()) : object_.labels.end();
    return found == object_.labels.end() ? "" : found->second;
  }

  Json value_of(const Operand& operand, Dot dot) {
    if (is_label(operand, dot))
      throw Trouble(operand.at, ".Label takes the name of one label: (.Label \"name\")");
    Json made;
    const Json* value = &made;
    switch (operand.kind) {
      case Operand::Kind::literal:
        return operand.literal;
      case Operand::Kind::function:
        return call({{operand}}, dot, nullptr);
      case Operand::Kind::dot:
        value = dot.value;
        break;
      case Operand::Kind::variable:
        value = operand.name.empty() ? &object_.fields : &variable(operand.name, operand.at);
        break;
      case Operand::Kind::pipeline:
        made = evaluate_and_set(operand.inner.front(), dot);
        break;
    }
    for (const auto& key : operand.fields) value = &field_of(*value, key);
    spend(operand.at, weight(*value));
    return *value;
  }

  const TemplateObject& object_;
  std::string out_;
  std::size_t steps_ = 0;
  std::vector<std::pair<std::string, Json>> variables_;
};

// ---- headings ----

// "CreatedAt" -> "CREATED AT", "com.example.some-name" -> "SOME NAME"
std::string heading_of(std::string_view name) {
  name = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (i > 0 && is_upper(c) && !is_upper(name[i - 1])) out += ' ';
    out += c == '-' || c == '_' ? ' ' : c;
  }
  return base::upper_case(out);
}

std::string heading(const Pipeline& pipeline, const Headings& headings);

// The first field that the command is about.
std::string heading(const Command& command, const Headings& headings) {
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    const Operand& word = command.words[i];
    if (!word.inner.empty()) {
      if (auto found = heading(word.inner.front(), headings); !found.empty()) return found;
    }
    if (word.fields.empty()) continue;
    if (word.fields.front().name == "Label" && i + 1 < command.words.size())
      return heading_of(templates::shown(command.words[i + 1].literal));
    const auto known = headings.find(word.fields.front().name);
    return known != headings.end() ? known->second : heading_of(word.fields.front().name);
  }
  return {};
}

std::string heading(const Pipeline& pipeline, const Headings& headings) {
  for (const auto& command : pipeline.commands)
    if (auto found = heading(command, headings); !found.empty()) return found;
  return {};
}

std::vector<std::string> cut_at_tabs(std::string_view line) {
  std::vector<std::string> cells{""};
  for (const char c : line) {
    if (c == '\t')
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

}  // namespace

Template::Template(std::string_view format) : source_(format) {
  table_ = format.starts_with(k_table);
  if (table_) begin_ = std::min(format.find_first_not_of(' ', k_table.size()), format.size());
  try {
    pieces_ = templates::parse_template(format.substr(begin_));
  } catch (const Trouble& trouble) {
    throw at_its_place(trouble);
  }
  unescape_texts(pieces_);
}

std::string Template::render(const TemplateObject& object) const {
  try {
    return Rendering{object}.run(pieces_);
  } catch (const Trouble& trouble) {
    throw at_its_place(trouble);
  }
}

base::Error Template::at_its_place(const Trouble& trouble) const {
  const std::size_t at = std::min(begin_ + trouble.at(), source_.size());
  const std::string_view before = std::string_view{source_}.substr(0, at);
  const auto last_line = before.rfind('\n');
  const std::size_t first = last_line == std::string_view::npos ? 0 : last_line + 1;
  const auto line = std::string_view{source_}.substr(first, source_.find('\n', first) - first);
  const auto column = display_width(before.substr(first));
  return base::Error(text("format:{}:{}: {}\n    {}\n    {}^", 1 + std::ranges::count(before, '\n'),
                          column + 1, trouble.what(), line, std::string(column, ' ')));
}

std::vector<std::string> Template::header(const Headings& headings) const {
  std::string line;
  for (const auto& piece : pieces_)
    line += piece.kind == Piece::Kind::text ? piece.text : heading(piece.pipeline, headings);
  return cut_at_tabs(line);
}

std::vector<std::string> Template::cells(const TemplateObject& object) const {
  return cut_at_tabs(render(object));
}

void write_formatted(Output& out, const std::string& format, const std::vector<TemplateObject>& objects,
                     const Headings& headings) {
  const Template parsed{format};
  if (!parsed.wants_table()) {
    for (const auto& object : objects) out.line(parsed.render(object));
    return;
  }
  Table table{parsed.header(headings)};
  for (const auto& object : objects) table.row(parsed.cells(object));
  out.write(table.text());
}

}  // namespace compose::ui
