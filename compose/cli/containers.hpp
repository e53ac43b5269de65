#pragma once
// Containers as people name and choose them: `web-1`, `--index 2`, and the columns that several verbs share.
// Pure.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "compose/adapters/state.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::cli {

class Context;

// A row of the database and what its shim says.
struct Listed {
  adapters::ContainerRecord record;
  rt::ContainerStatus status;
};

// Of one project, by name; what is half removed is left out.
[[nodiscard]] std::vector<Listed> list_containers(
    Context& context, const std::string& project,
    adapters::State::Labels labels = adapters::State::Labels::without);

// Error "no such service: x" unless each has a container or is in the compose file.
void check_services(Context& context, const std::vector<Listed>& containers,
                    const std::vector<std::string>& services);

[[nodiscard]] bool is_running(const rt::ContainerStatus& status) noexcept;  // paused and restarting ones too
[[nodiscard]] std::string_view state_word(rt::ContainerState state) noexcept;
[[nodiscard]] std::string_view health_word(rt::Health health) noexcept;  // "" for none

// "Up 5 seconds (healthy)", "Exited (137) 2 hours ago"
[[nodiscard]] std::string status_text(const rt::ContainerStatus& status,
                                      std::chrono::system_clock::time_point now);
[[nodiscard]] std::string age_text(std::int64_t since_nanoseconds, std::chrono::system_clock::time_point now);
// "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"; equal runs as "8000-8002->8000-8002/tcp"
[[nodiscard]] std::string ports_text(const adapters::ContainerSummary& summary, bool running);

// "\"nginx -g 'daemon of…\"": in quotes as Go writes them, cut to twenty characters unless `whole`.
[[nodiscard]] std::string command_text(const adapters::ContainerSummary& summary, bool whole);

// "web-1" for "shop-web-1"; a container_name as it is; without the mark of a container that replaces another.
[[nodiscard]] std::string short_name(const adapters::ContainerRecord& record);

// The replica that exec, port, attach ... mean: number `index`, or without one the lowest running. Errors:
// `service "web" is not running`, `service "web" is not running container #2`.
[[nodiscard]] const Listed& choose_replica(const std::vector<Listed>& containers, const std::string& service,
                                           std::optional<int> index);
// The same for verbs that need no process: one that runs is preferred, one that does not will do. Errors:
// `service "web" has no container`, `service "web" has no container #2`.
[[nodiscard]] const Listed& choose_container(const std::vector<Listed>& containers,
                                             const std::string& service, std::optional<int> index);

}  // namespace compose::cli
