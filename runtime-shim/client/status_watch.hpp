#pragma once
// Waiting for containers to change, without polling: inotify on their run directories, where a shim renames
// its status into place and where its death closes `alive`. Runs in the CLI, on its one thread.
#include <chrono>
#include <memory>
#include <span>
#include <utility>  // first: this Boost forgets it
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "runtime-shim/client/paths.hpp"

namespace compose::rt {

class StatusWatch {
 public:
  StatusWatch(boost::asio::any_io_executor executor, RuntimePaths paths);
  ~StatusWatch();
  StatusWatch(const StatusWatch&) = delete;
  StatusWatch& operator=(const StatusWatch&) = delete;

  // Watches this container too. A container seen for the first time counts as changed once, so that a change
  // between reading its status and adding it is not lost.
  void add(const ContainerId& id);
  void remove(const ContainerId& id);
  // The containers that may have changed since the last call; empty at the deadline.
  boost::asio::awaitable<std::vector<ContainerId>> changed(std::chrono::steady_clock::time_point deadline);

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::rt
