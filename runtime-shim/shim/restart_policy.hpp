#pragma once
// Does a container that has ended start again, and when? Pure. Back-off: 100 ms, doubled at each restart up
// to a minute, reset once it was up for ten seconds.
#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

class RestartBackoff {
 public:
  explicit RestartBackoff(RestartPolicy policy) : policy_(policy) {}

  // After an end with this exit code, having been up that long. nullopt: it stays down.
  std::optional<std::chrono::milliseconds> next(int exit_code, std::chrono::nanoseconds was_up);
  // Restarts since the beginning, as the status shows them.
  [[nodiscard]] std::uint32_t restarts() const noexcept { return restarts_; }

 private:
  RestartPolicy policy_;
  std::uint32_t restarts_ = 0;
  std::chrono::milliseconds delay_{0};
};

}  // namespace compose::rt
