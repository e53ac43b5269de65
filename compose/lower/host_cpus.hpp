#pragma once
// What the services ask of the host's processors, checked before anything is made. Pure: what the host has
// comes in as a value.
#include <string>
#include <string_view>
#include <vector>

#include "compose/model/project.hpp"

namespace compose::lower {

// "0-3,8" -> {0, 1, 2, 3, 8}; what is no such list ends it.
[[nodiscard]] std::vector<unsigned> cpu_numbers(std::string_view list);

// `online` is such a list. Error: "service "web": 'cpus' is 64, this host has 2 CPUs".
void check_host_cpus(const model::Project& project, const std::string& online);

}  // namespace compose::lower
