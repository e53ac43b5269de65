#include "compose/adapters/status_tracker.hpp"

#include <algorithm>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runtime-shim/client/status_watch.hpp"

namespace compose::adapters {

namespace asio = boost::asio;
using std::chrono::steady_clock;

struct StatusTracker::Body {
  struct Entry {
    std::uint64_t changes = 0;
    std::uint64_t seen = 0;
    bool watched = false;
  };
  asio::any_io_executor executor;
  rt::RuntimePaths paths;
  std::unique_ptr<rt::StatusWatch> watch;  // made by the first wait: closing an inotify costs milliseconds
  std::map<rt::ContainerId, Entry> entries;
  std::vector<asio::steady_timer*> waiting;
  bool pumping = false;
  std::uint64_t wakes = 0;

  void add(const rt::ContainerId& id) {
    auto& entry = entries[id];
    if (entry.watched) return;
    entry.watched = true;
    watch->add(id);
  }

  static asio::awaitable<void> pump(std::shared_ptr<Body> body) {
    for (;;) {
      for (const auto& id : co_await body->watch->changed(steady_clock::time_point::max()))
        ++body->entries[id].changes;
      for (auto* timer : body->waiting) timer->cancel();
    }
  }
};

StatusTracker::StatusTracker(asio::any_io_executor executor, const rt::RuntimePaths& paths)
    : body_(std::make_shared<Body>()) {
  body_->paths = paths;
  body_->executor = std::move(executor);
}

StatusTracker::~StatusTracker() = default;

void StatusTracker::looked_at(const rt::ContainerId& id) {
  auto& entry = body_->entries[id];
  entry.seen = entry.changes;
}

asio::awaitable<bool> StatusTracker::changed(std::span<const rt::ContainerId> ids,
                                             steady_clock::time_point deadline) {
  const auto body = body_;
  if (!body->watch) body->watch = std::make_unique<rt::StatusWatch>(body->executor, body->paths);
  std::vector<std::pair<rt::ContainerId, std::uint64_t>> before;
  for (const auto& id : ids) {
    body->add(id);
    before.emplace_back(id, body->entries[id].seen);
  }
  if (!body->pumping) {
    body->pumping = true;
    asio::co_spawn(body->executor, Body::pump(body), asio::detached);
  }
  const auto any = [&] {
    return std::ranges::any_of(before,
                               [&](const auto& b) { return body->entries[b.first].changes > b.second; });
  };
  asio::steady_timer timer{body->executor, deadline};
  body->waiting.push_back(&timer);
  const auto wakes = body->wakes;
  while (!any() && body->wakes == wakes && steady_clock::now() < deadline) {
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  std::erase(body->waiting, &timer);
  co_return any();
}

void StatusTracker::wake() {
  ++body_->wakes;
  for (auto* timer : body_->waiting) timer->cancel();
}

}  // namespace compose::adapters
