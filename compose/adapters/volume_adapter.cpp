#include "compose/adapters/volume_adapter.hpp"

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "compose/adapters/new_container.hpp"

namespace compose::adapters {

using sched::Failure;
using sched::Task;

namespace {

void check_supported(const sched::DesiredVolume& volume, const base::HostPath& data,
                     const base::HostPath& own) {
  if (volume.driver != "local" && !volume.driver.empty())
    base::fail("volume driver \"{}\" is not supported: only \"local\" is", volume.driver);
  if (data != own) {
    if (!base::sys::exists(data)) base::fail("bind '{}': no such directory", data.str());
    return;
  }
  if (const auto type = volume.driver_opts.find("type");
      type != volume.driver_opts.end() && type->second != "none")
    base::fail("volume type \"{}\" is not supported: only binds of host directories are", type->second);
}

}  // namespace

Task<Failure> VolumeAdapter::create(const sched::DesiredVolume& volume) {
  try {
    const auto data = data_of_volume(paths_, volume.name, volume.driver_opts);
    const auto own = paths_.volume_data(volume.name);
    check_supported(volume, data, own);
    base::fault_point("volume.create");
    state_.add_volume({.name = volume.name,
                       .project = project_,
                       .key = volume.key,
                       .options = volume.driver_opts,
                       .labels = volume.labels,
                       .config_hash = volume.config_hash,
                       .created_at = clock_.wall().time_since_epoch().count()});
    base::fault_point("volume.row");
    if (data == own) base::sys::make_directories(own);
    base::fault_point("volume.directory");
    co_return std::nullopt;
  } catch (const base::Error& e) {
    co_return e.what();
  }
}

Task<Failure> VolumeAdapter::remove(const std::string& name) {
  try {
    if (!state_.users_of_volume(name).empty()) co_return std::string{sched::k_still_in_use};
    base::fault_point("volume.remove");
    base::sys::remove_tree(paths_.volume_directory(name));
    base::fault_point("volume.files");
    state_.remove_volume(name);
    co_return std::nullopt;
  } catch (const base::Error& e) {
    co_return e.what();
  }
}

}  // namespace compose::adapters
