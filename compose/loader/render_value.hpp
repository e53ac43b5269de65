#pragma once
// A value as YAML or JSON text.
#include <string>

#include "compose/model/value.hpp"

namespace compose::loader {

// Block style, two blanks a level, lists indented below their key; strings that would read as something else
// are quoted.
std::string to_yaml(const model::Value& value);

std::string to_json_text(const model::Value& value);  // two blanks a level

// Keys of all mappings in alphabetical order.
void sort_keys(model::Value& value);

// Every "$" doubled, so that the text can be loaded again.
void escape_dollars(model::Value& value);

}  // namespace compose::loader
