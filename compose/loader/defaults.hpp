#pragma once
// Phases on the merged model, before it is read: values that the spec fills in, and variables that are looked
// up.
#include "compose/loader/environment.hpp"
#include "compose/loader/node.hpp"

namespace compose::loader {

// What an attribute means when part of it is left out: build context ".", protocol "tcp", ...
void fill_defaults(Node& model);

// `KEY:` without value in environment and build args takes its value from the environment. Content of configs
// and secrets that come from a variable is looked up, too, and kept under k_resolved_content.
void resolve_variables(Node& model, const Environment& environment);

// Not a key that a file could have.
inline constexpr std::string_view k_resolved_content = "#content";

}  // namespace compose::loader
