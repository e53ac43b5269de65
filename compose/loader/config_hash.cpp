// What makes a container, network or volume differ: the SHA-256 of its canonical JSON.
#include "base/digest.hpp"
#include "compose/loader/codec.hpp"
#include "compose/loader/render_config.hpp"
#include "compose/loader/render_value.hpp"

namespace compose::loader {

namespace {

template <class T>
std::string hash_of(const T& value) {
  return base::sha256_hex(to_json_text(Writer{true}.write_record(table_of<T>(), &value)));
}

}  // namespace

std::string service_config_hash(const model::Service& service) {
  model::Service relevant = service;
  relevant.build.reset();
  relevant.pull_policy.clear();
  relevant.scale.reset();
  if (relevant.deploy) relevant.deploy->replicas.reset();
  relevant.depends_on.clear();
  relevant.profiles.clear();
  return hash_of(relevant);
}

std::string network_config_hash(const model::Network& network) {
  return hash_of(network);
}

std::string volume_config_hash(const model::Volume& volume) {
  model::Volume relevant = volume;
  if (relevant.driver.empty()) relevant.driver = "local";
  return hash_of(relevant);
}

}  // namespace compose::loader
