#pragma once
// What lowering has to know about an image, so that it does not depend on the store. Plain values; the CLI
// fills them from the image's configuration. Durations in nanoseconds; 0: not said.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace compose::lower {

struct ImageHealthcheck {
  std::vector<std::string> test;  // starts with NONE, CMD or CMD-SHELL
  std::int64_t interval = 0;
  std::int64_t timeout = 0;
  std::int64_t start_period = 0;
  std::int64_t start_interval = 0;
  std::uint32_t retries = 0;
};

struct ImageFacts {
  std::string id;  // "sha256:…"
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "KEY=value"
  std::string user;
  std::string directory;
  std::map<std::string, std::string> labels;
  std::vector<std::string> volumes;        // container paths
  std::vector<std::string> exposed_ports;  // "80/tcp"
  std::string stop_signal;
  std::optional<ImageHealthcheck> healthcheck;
};

}  // namespace compose::lower
