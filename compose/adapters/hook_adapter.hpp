#pragma once
// sched::Hooks by exec in running containers. Output of hooks goes to `output`, or nowhere.
#include <set>

#include <boost/asio/any_io_executor.hpp>

#include "compose/adapters/paths.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "scheduler/effects.hpp"

namespace compose::adapters {

class HookAdapter final : public sched::Hooks {
 public:
  // `output`: a descriptor that outlives this, or -1.
  HookAdapter(boost::asio::any_io_executor executor, Paths paths, int output = -1)
      : executor_(std::move(executor)), paths_(std::move(paths)), output_(output) {}
  sched::Task<void> run(std::span<const sched::HookRequest> requests, sched::Finished finished) override;
  void wake_waits() override;

 private:
  sched::Task<sched::Failure> run_one(const sched::HookRequest& request, std::uint64_t wakes);

  boost::asio::any_io_executor executor_;
  Paths paths_;
  int output_;
  std::set<rt::ExecSession*> awaited_;
  std::uint64_t wakes_ = 0;
};

}  // namespace compose::adapters
