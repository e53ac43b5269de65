#pragma once
// What `compose config` prints, as text; the CLI verb only chooses. Canonical output agrees with Docker
// Compose attribute for attribute (docs/differences.md lists where not, and why).
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compose/loader/load_project.hpp"

namespace compose::loader {

enum class ConfigFormat : std::uint8_t { yaml, json };

// image reference -> "repo@sha256:…"; given by the CLI, for --resolve-image-digests and --lock-image-digests.
using DigestResolver = std::function<std::string(const std::string& image)>;

struct ConfigOptions {
  ConfigFormat format = ConfigFormat::yaml;
  DigestResolver resolve_digest;    // set: images are pinned
  bool lock_image_digests = false;  // print only an override file with the pinned images
};

std::string render_config(const model::Project& project, const ConfigOptions& options);

// --no-interpolate: the merged model as written, keys sorted; loads by itself.
std::string render_uninterpolated(const LoadOptions& options, ConfigFormat format);

// Lists, one item a line, each line with its newline.
std::string list_services(const model::Project& project);
std::string list_volumes(const model::Project& project);
std::string list_networks(const model::Project& project);
std::string list_images(const model::Project& project);  // build-only services: "<project>-<service>"
std::string list_profiles(const model::Project& project);
std::string list_models(const model::Project& project);
std::string list_environment(const model::Project& project);                          // KEY=VALUE, sorted
std::string list_variables(const LoadOptions& options, ConfigFormat format);          // yaml: the table
std::string list_hashes(const model::Project& project, const std::string& services);  // "*" or "a,b"

// SHA-256 (hex) of what makes a container differ: the service without build, pull_policy, scale, replicas,
// depends_on and profiles. Equal input, equal hash, over versions of this program.
std::string service_config_hash(const model::Service& service);
std::string network_config_hash(const model::Network& network);
std::string volume_config_hash(const model::Volume& volume);

}  // namespace compose::loader
