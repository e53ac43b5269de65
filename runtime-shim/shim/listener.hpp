#pragma once
// A listening socket in the shim's loop. Where no descriptor is left for a client, the socket rests a while:
// it stays readable, and asking again at once would be all that the loop ever does. (accept(2), ERRORS)
#include <functional>

#include "runtime-shim/shim/event_loop.hpp"

namespace compose::rt {

class Listener final : EventLoop::Source {
 public:
  using OnClient = std::function<void(base::UniqueFd)>;  // a non-blocking socket

  Listener(EventLoop& loop, base::UniqueFd listening, OnClient on_client);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  void ready(std::uint32_t events) override;

  EventLoop& loop_;
  base::UniqueFd listening_;
  OnClient on_client_;
  EventLoop::TimerId rest_ = 0;
};

}  // namespace compose::rt
