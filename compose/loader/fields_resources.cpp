// The keys of the top level and of top-level networks, volumes, configs, secrets and models.
#include <array>

#include "compose/loader/codec.hpp"
#include "compose/loader/fields.hpp"

namespace compose::loader {

namespace {

using namespace model;
using enum Support;

constexpr auto k_pool_rows = std::to_array<Row>({
    row<&AddressPool::subnet>("subnet"),
    row<&AddressPool::gateway>("gateway"),
    row<&AddressPool::ip_range>("ip_range"),
    row<&AddressPool::aux_addresses>("aux_addresses", ignored,
                                     "no address is kept out of the pool; use ip_range"),
});
constexpr auto k_ipam_rows = std::to_array<Row>({
    row<&AddressManagement::driver>("driver", loader, "addresses are always managed by this program"),
    row<&AddressManagement::config>("config"),
    row<&AddressManagement::options, TextMap>("options", ignored, "there are no other address drivers"),
});
constexpr auto k_network_rows = std::to_array<Row>({
    row<&Network::name>("name"),
    row<&Network::driver>("driver"),
    row<&Network::driver_opts, TextMap>("driver_opts"),
    row<&Network::ipam>("ipam"),
    row<&Network::external>("external"),
    row<&Network::internal>("internal"),
    row<&Network::attachable>("attachable", ignored, k_swarm),
    row<&Network::labels>("labels"),
    row<&Network::enable_ipv4>("enable_ipv4"),
    row<&Network::enable_ipv6>("enable_ipv6"),
});
constexpr auto k_volume_rows = std::to_array<Row>({
    row<&Volume::name>("name"),
    row<&Volume::driver>("driver"),
    row<&Volume::driver_opts, TextMap>("driver_opts"),
    row<&Volume::external>("external"),
    row<&Volume::labels>("labels"),
});
constexpr auto k_secret_rows = std::to_array<Row>({
    row<&FileObject::name>("name"),
    row<&FileObject::file>("file"),
    row<&FileObject::environment>("environment"),
    row<&FileObject::external>("external"),
    row<&FileObject::labels>("labels", ignored, k_swarm),
    row<&FileObject::driver>("driver"),
    row<&FileObject::driver_opts, TextMap>("driver_opts", ignored, k_swarm),
    row<&FileObject::template_driver>("template_driver", ignored, k_swarm),
});
constexpr auto k_config_rows = std::to_array<Row>({
    row<&FileObject::name>("name"),
    row<&FileObject::file>("file"),
    row<&FileObject::environment>("environment"),
    row<&FileObject::content>("content"),
    row<&FileObject::external>("external"),
    row<&FileObject::labels>("labels", ignored, k_swarm),
    row<&FileObject::template_driver>("template_driver", ignored, k_swarm),
});
constexpr auto k_model_rows = std::to_array<Row>({
    row<&AiModel::name>("name"),
    row<&AiModel::model>("model"),
    row<&AiModel::context_size>("context_size"),
    row<&AiModel::runtime_flags>("runtime_flags"),
});
constexpr auto k_model_required = std::to_array<std::string_view>({"model"});

}  // namespace

template <>
const Table& table_of<AddressPool>() {
  static constexpr Table table{"an address pool", k_pool_rows, extensions_of<AddressPool>};
  return table;
}
template <>
const Table& table_of<AddressManagement>() {
  static constexpr Table table{"ipam", k_ipam_rows, extensions_of<AddressManagement>};
  return table;
}
template <>
const Table& table_of<Network>() {
  static constexpr Table table{"a network", k_network_rows, extensions_of<Network>};
  return table;
}
template <>
const Table& table_of<Volume>() {
  static constexpr Table table{"a volume", k_volume_rows, extensions_of<Volume>};
  return table;
}
template <>
const Table& table_of<AiModel>() {
  static constexpr Table table{"a model", k_model_rows, extensions_of<AiModel>, k_model_required};
  return table;
}

const Table& secret_table() {
  static constexpr Table table{"a secret", k_secret_rows, extensions_of<FileObject>};
  return table;
}
const Table& config_table() {
  static constexpr Table table{"a config", k_config_rows, extensions_of<FileObject>};
  return table;
}

}  // namespace compose::loader
