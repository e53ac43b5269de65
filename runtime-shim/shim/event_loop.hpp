#pragma once
// The shim's loop: epoll and a few deadlines, one thread, no allocation per event. Events are taken one at a
// time, so that a source may remove itself or any other while it handles one. Monotonic time.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/unique_fd.hpp"

namespace compose::rt {

class EventLoop {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using TimerId = std::uint32_t;  // 0: none

  struct Source {
    virtual void ready(std::uint32_t events) = 0;  // EPOLL*

   protected:
    ~Source() = default;
  };

  EventLoop();
  void add(int fd, std::uint32_t events, Source& source);
  void modify(int fd, std::uint32_t events, Source& source);
  void remove(int fd) noexcept;  // before the descriptor is closed

  TimerId at(Time when, std::function<void()> action);
  TimerId after(std::chrono::nanoseconds delay, std::function<void()> action);
  void cancel(TimerId& id) noexcept;  // and sets it to 0

  void run_once();  // waits for one event or the next deadline and handles it

 private:
  struct Timer {
    Time when;
    TimerId id;
    std::function<void()> action;
  };
  [[nodiscard]] int milliseconds_to_wait() const;
  void fire_due();

  base::UniqueFd epoll_;
  std::vector<Timer> timers_;
  TimerId last_id_ = 0;
};

}  // namespace compose::rt
