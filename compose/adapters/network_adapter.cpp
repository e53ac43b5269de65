#include "compose/adapters/network_adapter.hpp"

#include "base/error.hpp"
#include "base/fault.hpp"

namespace compose::adapters {

using sched::Failure;
using sched::Task;

Task<Failure> NetworkAdapter::create(const sched::DesiredNetwork& network) {
  try {
    base::fault_point("network.create");
    networks_.begin({.spec = network.spec,
                     .project = project_,
                     .key = network.key,
                     .labels = network.labels,
                     .config_hash = network.config_hash});
    base::fault_point("network.created");
    co_return std::nullopt;
  } catch (const base::Error& e) {
    co_return e.what();
  }
}

Task<Failure> NetworkAdapter::remove(const std::string& name) {
  try {
    if (networks_.in_use(name)) co_return std::string{sched::k_still_in_use};
    base::fault_point("network.remove");
    networks_.remove(name);
    base::fault_point("network.removed");
    co_return std::nullopt;
  } catch (const base::Error& e) {
    co_return e.what();
  }
}

}  // namespace compose::adapters
