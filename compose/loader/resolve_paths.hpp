#pragma once
// Phase: relative paths of the model become absolute (or relative to another directory, for a base service
// from a file).
#include "compose/loader/environment.hpp"
#include "compose/loader/node.hpp"

namespace compose::loader {

// `base`: directory that relative paths are relative to. "~" and "~/x" become HOME of the environment.
void resolve_paths(Node& model, const std::string& base, const Environment& environment);
void resolve_service_paths(Node& service, const std::string& base, const Environment& environment);

// "https://…", "user@host:…", "github.com/…": what is not a path of this host.
bool is_remote(std::string_view location);

}  // namespace compose::loader
