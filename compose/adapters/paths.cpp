#include "compose/adapters/paths.hpp"

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::adapters {
namespace {

base::HostPath root_of(const char* variable, base::HostPath otherwise) {
  const auto value = base::sys::environment(variable);
  if (!value || value->empty()) return otherwise;
  if (!value->starts_with('/')) base::fail("{}: '{}' must be an absolute path", variable, *value);
  return base::HostPath{base::clean_path(*value)};
}

}  // namespace

Paths paths_of_this_process() {
  const Paths standard;
  return {root_of("COMPOSE_DATA_ROOT", standard.data_root), root_of("COMPOSE_RUN_ROOT", standard.run_root)};
}

}  // namespace compose::adapters
