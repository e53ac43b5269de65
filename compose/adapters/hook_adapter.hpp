#pragma once
// sched::Hooks by exec in running containers. Output of hooks goes to `output`, or nowhere.
#include <boost/asio/any_io_executor.hpp>

#include "compose/adapters/paths.hpp"
#include "scheduler/effects.hpp"

namespace compose::adapters {

class HookAdapter final : public sched::Hooks {
 public:
  // `output`: a descriptor that outlives this, or -1.
  HookAdapter(boost::asio::any_io_executor executor, Paths paths, int output = -1)
      : executor_(std::move(executor)), paths_(std::move(paths)), output_(output) {}
  sched::Task<void> run(std::span<const sched::HookRequest> requests, sched::Finished finished) override;

 private:
  sched::Task<sched::Failure> run_one(const sched::HookRequest& request);

  boost::asio::any_io_executor executor_;
  Paths paths_;
  int output_;
};

}  // namespace compose::adapters
