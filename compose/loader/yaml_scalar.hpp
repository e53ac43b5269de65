#pragma once
// What a plain YAML scalar means: the YAML 1.2 core schema with the leftovers of 1.1 that compose files are
// read with (0x, 0o, 0b, leading-zero octal, digits grouped by '_'). yes, no, on and off are strings, and so
// are dates and 12:30.
#include <string_view>

#include "compose/loader/node.hpp"

namespace compose::loader {

// Sets kind and number of `node` from node.text.
void resolve_plain_scalar(Node& node);

}  // namespace compose::loader
