#include "compose/ui/log_printer.hpp"

#include <algorithm>

#include "compose/ui/style.hpp"
#include "compose/ui/table.hpp"

namespace compose::ui {

void LogPrinter::know(const std::string& name, const std::string& service) {
  width_ = std::max(width_, display_width(name) + 1);
  const auto colour = colour_of_service_.try_emplace(service, colour_of_service_.size()).first->second;
  colour_of_name_.try_emplace(name, colour);
}

void LogPrinter::print(const std::string& name, const LogLine& line) {
  if (before_printing_) before_printing_();
  if (line.error != last_was_error_) flush();
  last_was_error_ = line.error;
  std::string text;
  if (style_.prefix) {
    if (style_.colour) text += prefix_colour(colour_of_name_[name]);
    text += name;
    text.append(width_ - std::min(width_, display_width(name)), ' ');
    text += " | ";
    if (style_.colour) text += k_plain;
  }
  if (style_.timestamps) text += line.time + " ";
  (line.error ? err_ : out_).line(text + line.text);
}

void LogPrinter::note(const std::string& text) {
  if (before_printing_) before_printing_();
  flush();
  out_.line(text);
}

void LogPrinter::flush() {
  out_.flush();
  err_.flush();
  if (after_flushing_) after_flushing_();
}

}  // namespace compose::ui
