#pragma once
// Who waits for which containers: one inotify watch for the command, shared by all waits of a plan. A change
// is numbered, so that a wait that begins after the change but before anybody looked returns at once, and no
// wait steals another's.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "runtime-shim/client/paths.hpp"

namespace compose::rt {
class StatusWatch;
}

namespace compose::adapters {

class StatusTracker {
 public:
  StatusTracker(boost::asio::any_io_executor executor, const rt::RuntimePaths& paths);
  ~StatusTracker();
  StatusTracker(const StatusTracker&) = delete;
  StatusTracker& operator=(const StatusTracker&) = delete;

  // The status of this container is being read now.
  void looked_at(const rt::ContainerId& id);
  // True: one of them may have changed since it was last looked at. False: the deadline came.
  boost::asio::awaitable<bool> changed(std::span<const rt::ContainerId> ids,
                                       std::chrono::steady_clock::time_point deadline);
  // Every wait under way returns soon.
  void wake();

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::adapters
