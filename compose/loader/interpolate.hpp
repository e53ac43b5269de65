#pragma once
// Phase: replaces $VARIABLES in every string value of a document (keys are left alone).
#include "compose/loader/environment.hpp"
#include "compose/loader/node.hpp"
#include "compose/loader/template.hpp"

namespace compose::loader {

void interpolate(Node& document, const Environment& environment, const Sources& sources,
                 Diagnostics& diagnostics);

// All variables that the string values of a document ask for, in order of appearance, each name once.
void collect_variables(const Node& document, std::vector<TemplateVariable>& found);

}  // namespace compose::loader
