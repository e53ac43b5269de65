#pragma once
// What happened to containers between two looks at them, as `events` tells it. Pure.
//
// The rows of the database say which containers there are and how they are called, their status says when
// each last started and ended, its health and whether it is paused. What lay between two looks and left no
// trace in the second is not known: of several ends only the last one is told, and that there was a start
// before it.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::cli {

struct SeenContainer {
  std::string name;
  std::string service;
  std::string image;
  std::map<std::string, std::string> labels;
  std::int64_t created_at = 0;  // nanoseconds since the epoch
  rt::ContainerStatus status;
};

using Snapshot = std::map<rt::ContainerId, SeenContainer>;

struct Event {
  std::int64_t time = 0;  // nanoseconds since the epoch
  rt::ContainerId id;
  std::string service;
  std::string action;  // Docker's word: "create", "start", "die", "health_status: healthy" ...
  std::map<std::string, std::string> attributes;
};

// Does a process of it live? Not while it waits for its restart.
[[nodiscard]] bool is_up(const rt::ContainerStatus& status) noexcept;

// In order: of each container as it happened, of all by time. What has no time of its own happened before
// what came after it in its container, else at `now`, the time of the second look. "die" has no exitCode
// where `after` does not know the run that ended.
[[nodiscard]] std::vector<Event> events_between(const Snapshot& before, const Snapshot& after,
                                                std::int64_t now);
// What is known of the past of these containers: when they were made, last ended and last started.
[[nodiscard]] std::vector<Event> known_past(const Snapshot& containers);

// "2026-01-02 03:04:05.000006 container die <id> (exitCode=1, image=nginx, name=shop-web-1)", in local time.
[[nodiscard]] std::string event_text(const Event& event);
// {"action":"start","attributes":{...},"id":"...","service":"web","time":"...Z","type":"container"}
[[nodiscard]] std::string event_json(const Event& event);

}  // namespace compose::cli
