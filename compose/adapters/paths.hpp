#pragma once
// Where everything of an installation is: below two roots, which COMPOSE_DATA_ROOT and COMPOSE_RUN_ROOT move.
// Pure values.
#include <string>
#include <string_view>

#include "base/path.hpp"
#include "runtime-shim/client/paths.hpp"

namespace compose::adapters {

struct Paths {
  base::HostPath data_root{"/var/lib/compose"};
  base::HostPath run_root{"/run/compose"};

  [[nodiscard]] base::HostPath database() const { return data_root / "state.db"; }
  [[nodiscard]] base::HostPath reserve() const { return data_root / "reserve"; }
  [[nodiscard]] base::HostPath containers() const { return data_root / "containers"; }
  [[nodiscard]] base::HostPath volume_directory(std::string_view name) const {
    return data_root / "volumes" / name;
  }
  [[nodiscard]] base::HostPath volume_data(std::string_view name) const {
    return volume_directory(name) / "_data";
  }
  [[nodiscard]] base::HostPath images() const { return data_root / "images"; }
  [[nodiscard]] base::HostPath locks() const { return run_root / "locks"; }
  [[nodiscard]] rt::RuntimePaths runtime() const { return {data_root, run_root}; }
};

// From the environment. Error for a root that is not absolute.
[[nodiscard]] Paths paths_of_this_process();

}  // namespace compose::adapters
