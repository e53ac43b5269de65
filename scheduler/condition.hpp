#pragma once
// Whether one container fulfils what is waited for, from its status alone. Pure. The texts are those of
// Docker Compose, followed by the reason where there is one.
#include <optional>
#include <string>

#include "runtime-shim/spec/container_status.hpp"
#include "scheduler/operation.hpp"

namespace compose::sched {

struct Verdict {
  enum class Kind : std::uint8_t { pending, fulfilled, failed } kind = Kind::pending;
  std::string why;  // failed: "container p-db-1 is unhealthy: connection refused"
  bool operator==(const Verdict&) const = default;
};

// nullopt: there is no such container any more.
[[nodiscard]] Verdict judge(const ContainerRef& container, Until until,
                            const std::optional<rt::ContainerStatus>& status);

// The message of a wait that has failed because of `why`: "dependency failed to start: container p-db-1
// exited (1)".
[[nodiscard]] std::string failure_text(const AwaitCondition& wait, const std::string& why);
// "container p-web-1 is starting": for what was still missing at a deadline.
[[nodiscard]] std::string still_pending(const ContainerRef& container,
                                        const std::optional<rt::ContainerStatus>& status);

}  // namespace compose::sched
