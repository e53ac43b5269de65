#pragma once
// The merged model as it is written, variables and all: for `config --no-interpolate` and `config
// --variables`.
#include "compose/loader/environment.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/loader/template.hpp"

namespace compose::loader {

struct RawModel {
  std::string name;
  model::Value model;  // without `name`
  Environment environment;
  std::vector<TemplateVariable> variables;
};

// options.interpolate must be off.
RawModel load_raw_model(const LoadOptions& options);

}  // namespace compose::loader
