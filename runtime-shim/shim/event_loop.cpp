#include "runtime-shim/shim/event_loop.hpp"

#include <algorithm>
#include <sys/epoll.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::rt {

EventLoop::EventLoop() : epoll_(base::sys::make_epoll()) {}

void EventLoop::add(int fd, std::uint32_t events, Source& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  base::check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "watch a descriptor");
}

void EventLoop::modify(int fd, std::uint32_t events, Source& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  base::check(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event), "watch a descriptor");
}

void EventLoop::remove(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::at(Time when, std::function<void()> action) {
  if (++last_id_ == 0) ++last_id_;
  timers_.push_back({when, last_id_, std::move(action)});
  return last_id_;
}

EventLoop::TimerId EventLoop::after(std::chrono::nanoseconds delay, std::function<void()> action) {
  return at(std::chrono::steady_clock::now() + delay, std::move(action));
}

void EventLoop::cancel(TimerId& id) noexcept {
  std::erase_if(timers_, [&](const Timer& t) { return t.id == id; });
  id = 0;
}

int EventLoop::milliseconds_to_wait() const {
  if (timers_.empty()) return -1;
  const auto next = std::ranges::min_element(timers_, {}, &Timer::when)->when;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

void EventLoop::fire_due() {
  const auto now = std::chrono::steady_clock::now();
  const auto due = std::ranges::min_element(timers_, {}, &Timer::when);
  if (due == timers_.end() || due->when > now) return;
  const auto action = std::move(due->action);
  timers_.erase(due);
  action();
}

void EventLoop::run_once() {
  epoll_event event{};
  const int n = base::check(
      base::retry_eintr([&] { return ::epoll_wait(epoll_.get(), &event, 1, milliseconds_to_wait()); }),
      "wait for events");
  if (n == 1) static_cast<Source*>(event.data.ptr)->ready(event.events);
  fire_due();
}

}  // namespace compose::rt
