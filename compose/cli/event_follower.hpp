#pragma once
// Watches the containers of a project and tells what happens to them: it looks at the rows when something may
// have come or gone, at a status when its shim has written one, and tells the differences. How a container
// ended it also asks the shim itself: whoever stops a container to remove it takes the status away, sooner
// perhaps than anybody could read it. Containers of `run` are left out. Runs on the command's executor.
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "compose/cli/container_events.hpp"

namespace compose::cli {

class Context;

struct EventWish {
  std::string project;
  std::set<std::string> services;  // empty: all
};

class EventFollower {
 public:
  using Tell = std::function<void(const std::vector<Event>&)>;
  EventFollower(Context& context, const boost::asio::any_io_executor& executor, EventWish wish, Tell tell);
  ~EventFollower();
  EventFollower(const EventFollower&) = delete;
  EventFollower& operator=(const EventFollower&) = delete;

  // What is there. From here on, what changes is an event.
  const Snapshot& begin();
  // After begin(). Throws what `tell` throws.
  boost::asio::awaitable<void> follow_until(std::chrono::steady_clock::time_point deadline);

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::cli
