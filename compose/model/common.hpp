#pragma once
// Small types that several parts of the model share. Sizes are bytes and durations nanoseconds everywhere in
// the model; std::optional means "the file does not say", never "default".
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/model/value.hpp"

namespace compose::model {

using Strings = std::vector<std::string>;
using StringMap = std::map<std::string, std::string>;
using Environment = std::map<std::string, std::optional<std::string>>;  // no value: not set at all
using Duration = std::chrono::nanoseconds;
using Bytes = std::int64_t;
using Command = std::optional<Strings>;  // nullopt: the image's; empty: explicitly none

// file modes print in octal
struct FileMode {
  std::uint32_t bits = 0;
  bool operator==(const FileMode&) const = default;
};

struct Ulimit {
  std::int64_t soft = 0;
  std::int64_t hard = 0;  // -1: unlimited
  bool single = false;    // written as one number
  bool operator==(const Ulimit&) const = default;
};
using Ulimits = std::map<std::string, Ulimit>;

// Grant of a top-level config or secret to a service or a build.
struct FileGrant {
  std::string source;  // key of the top-level config or secret
  std::string target;  // empty: default of the kind (/run/secrets/<source>, /<source>, the id for builds)
  std::string uid;
  std::string gid;
  std::optional<FileMode> mode;
  Extensions extensions;
  bool operator==(const FileGrant&) const = default;
};

// A request for accelerators (gpus, deploy.resources.reservations.devices). count -1: all of them.
struct DeviceRequest {
  Strings capabilities;
  std::optional<std::int64_t> count;
  Strings device_ids;
  std::string driver;
  StringMap options;
  Extensions extensions;
  bool operator==(const DeviceRequest&) const = default;
};

}  // namespace compose::model
