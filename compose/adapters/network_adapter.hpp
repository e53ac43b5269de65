#pragma once
// sched::Networks on top of the network room.
#include "net/network_manager.hpp"
#include "scheduler/effects.hpp"

namespace compose::adapters {

class NetworkAdapter final : public sched::Networks {
 public:
  NetworkAdapter(net::NetworkManager& networks, std::string project)
      : networks_(networks), project_(std::move(project)) {}
  sched::Task<sched::Failure> create(const sched::DesiredNetwork& network) override;
  sched::Task<sched::Failure> remove(const std::string& name) override;

 private:
  net::NetworkManager& networks_;
  std::string project_;
};

}  // namespace compose::adapters
