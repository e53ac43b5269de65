#pragma once
// Every attribute that a compose file may have and what becomes of it here, read off the keyword tables; the
// source of docs/supported-attributes.md.
#include <string>
#include <vector>

#include "compose/loader/record.hpp"

namespace compose::loader {

struct SupportedAttribute {
  std::string path;  // "services.*.ports[].target"
  std::string kind;  // "a string"
  Support support = Support::honoured;
  std::string note;
};

std::vector<SupportedAttribute> supported_attributes();

std::string supported_attributes_page();  // Markdown
std::string supported_attributes_json();

}  // namespace compose::loader
