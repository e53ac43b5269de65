#pragma once
// What an image is, as values: the configuration that containers inherit and the layers that make its root.
// Names follow the OCI image specification. Image data is data: labels and paths in here come from strangers
// and are never control.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/path.hpp"
#include "base/record.hpp"

namespace compose::images {

// A document of an image (config, manifest, index) is a few kilobytes; more than this is refused.
inline constexpr std::size_t k_max_document = 4U << 20U;

using base::field;
using base::HostPath;

// Times in nanoseconds; 0 means that the image leaves the choice to the runtime.
struct HealthConfig {
  std::vector<std::string> test;  // {"NONE"}, {"CMD", argv...} or {"CMD-SHELL", text}
  std::int64_t interval = 0;
  std::int64_t timeout = 0;
  std::int64_t start_period = 0;
  std::int64_t start_interval = 0;
  std::int64_t retries = 0;
  static constexpr auto fields() {
    return std::tuple{field("test", &HealthConfig::test),
                      field("interval", &HealthConfig::interval),
                      field("timeout", &HealthConfig::timeout),
                      field("start_period", &HealthConfig::start_period),
                      field("start_interval", &HealthConfig::start_interval),
                      field("retries", &HealthConfig::retries)};
  }
  bool operator==(const HealthConfig&) const = default;
};

// An overlay of the kernel takes 500, and a container has one of its own: the places that everything is
// mounted on.
inline constexpr std::size_t k_most_image_layers = 499;

struct ImageConfig {
  std::vector<std::string> environment;  // "KEY=value", in the order of the image
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::string user;       // "", "name", "uid", "user:group"
  std::string directory;  // "": "/"
  std::map<std::string, std::string> labels;
  std::vector<std::string> volumes;        // container paths
  std::vector<std::string> exposed_ports;  // "80/tcp"
  std::string stop_signal;                 // "", "SIGQUIT", "3"
  std::optional<HealthConfig> health;
  std::vector<std::string> shell;     // of the shell form; empty: {"/bin/sh", "-c"}
  std::vector<std::string> on_build;  // triggers for images built from this one
  static constexpr auto fields() {
    return std::tuple{field("environment", &ImageConfig::environment),
                      field("entrypoint", &ImageConfig::entrypoint),
                      field("command", &ImageConfig::command),
                      field("user", &ImageConfig::user),
                      field("directory", &ImageConfig::directory),
                      field("labels", &ImageConfig::labels),
                      field("volumes", &ImageConfig::volumes),
                      field("exposed_ports", &ImageConfig::exposed_ports),
                      field("stop_signal", &ImageConfig::stop_signal),
                      field("health", &ImageConfig::health),
                      field("shell", &ImageConfig::shell),
                      field("on_build", &ImageConfig::on_build)};
  }
  bool operator==(const ImageConfig&) const = default;
};

// One step of how the image came to be (`image history`).
struct HistoryEntry {
  std::string created;     // RFC 3339
  std::string created_by;  // "COPY silo /silo"
  std::string comment;
  bool empty_layer = false;
  static constexpr auto fields() {
    return std::tuple{
        field("created", &HistoryEntry::created), field("created_by", &HistoryEntry::created_by),
        field("comment", &HistoryEntry::comment), field("empty_layer", &HistoryEntry::empty_layer)};
  }
  bool operator==(const HistoryEntry&) const = default;
};

// The config document of an image: what its id is the digest of.
struct ImageDocument {
  ImageConfig config;
  std::string created;  // RFC 3339
  std::string author;
  std::string architecture = "amd64";
  std::string os = "linux";
  std::string variant;
  std::vector<std::string> diff_ids;  // bottom first: "sha256:..." of the uncompressed layer tar
  std::vector<HistoryEntry> history;  // oldest first
  bool operator==(const ImageDocument&) const = default;
};

// OCI JSON <-> document. Error: "read image config: ...". Limits: 4 MiB, 500 layers.
[[nodiscard]] ImageDocument parse_image_document(std::string_view json);
[[nodiscard]] std::string format_image_document(
    const ImageDocument& document);  // canonical: same value, same bytes

// An image in the store, ready to run.
struct Image {
  std::string id;                       // "sha256:<64 hex>" of the config document
  std::vector<std::string> references;  // familiar forms, sorted: "shop-web:latest"; empty: dangling
  ImageConfig config;                   // without labels named com.docker.compose.*
  std::vector<HostPath> layers;         // unpacked directories, TOP FIRST: ready for RootfsSpec::lower
  std::string created;                  // RFC 3339
  std::string architecture;
  std::string os;
  std::uint64_t size = 0;  // bytes of all layers, unpacked
  bool operator==(const Image&) const = default;
};

}  // namespace compose::images
