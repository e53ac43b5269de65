#include "compose/loader/interpolate.hpp"

#include <algorithm>

#include "compose/loader/key_path.hpp"

namespace compose::loader {

namespace {

class Interpolation {
 public:
  Interpolation(const Environment& environment, const Sources& sources, Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics) {
    context_.lookup = [&environment](std::string_view name) { return look_up(environment, name); };
    context_.on_unset = [this](std::string_view name) {
      diagnostics_.warn(base::text("The \"{}\" variable is not set. Defaulting to a blank string.", name));
    };
  }

  void walk(Node& node, const KeyPath& path) {
    if (node.directive == Directive::reset) return;
    switch (node.kind) {
      case Kind::string:
        return replace(node, path);
      case Kind::list:
        for (std::size_t i = 0; i < node.items.size(); ++i) walk(node.items[i], KeyPath{path, i});
        return;
      case Kind::mapping:
        for (auto& entry : node.entries) walk(entry.value, KeyPath{path, entry.key});
        return;
      default:
        return;
    }
  }

 private:
  void replace(Node& node, const KeyPath& path) {
    if (node.text.find('$') == std::string::npos) return;
    try {
      std::string result = substitute(node.text, context_);
      node.interpolated = result != node.text;
      node.text = std::move(result);
    } catch (const TemplateError& e) {
      diagnostics_.error(place_of(node, e.offset()), path.text() + ": " + e.what());
      node.broken = true;
    }
  }

  // The expression itself where it stands on the line of the value, else the value.
  [[nodiscard]] Mark place_of(const Node& node, std::size_t offset) const {
    const auto line = sources_.line(node.mark);
    const auto expression = std::string_view{node.text}.substr(offset, 12);
    const auto found = line.find(expression.substr(0, expression.find('\n')), node.mark.column - 1);
    Mark mark = node.mark;
    if (found != std::string_view::npos) mark.column = static_cast<std::uint32_t>(found + 1);
    return mark;
  }

  TemplateContext context_;
  const Sources& sources_;
  Diagnostics& diagnostics_;
};

}  // namespace

void interpolate(Node& document, const Environment& environment, const Sources& sources,
                 Diagnostics& diagnostics) {
  Interpolation{environment, sources, diagnostics}.walk(document, KeyPath{});
}

void collect_variables(const Node& document, std::vector<TemplateVariable>& found) {
  for (const auto& item : document.items) collect_variables(item, found);
  for (const auto& entry : document.entries) collect_variables(entry.value, found);
  if (!document.is(Kind::string) || document.text.find('$') == std::string::npos) return;
  for (auto& variable : variables_of(document.text))
    if (std::ranges::find(found, variable.name, &TemplateVariable::name) == found.end())
      found.push_back(std::move(variable));
}

}  // namespace compose::loader
