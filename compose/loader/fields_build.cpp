// The keys of services.*.build, services.*.deploy and services.*.volumes[].
#include <array>

#include "compose/loader/codec.hpp"
#include "compose/loader/codec_words.hpp"

namespace compose::loader {

namespace {

using namespace model;
using enum Support;

constexpr std::string_view k_no_attestations = "the builder makes no attestations";
constexpr auto k_build_rows = std::to_array<Row>({
    row<&Build::context>("context"),
    row<&Build::dockerfile>("dockerfile"),
    row<&Build::dockerfile_inline>("dockerfile_inline"),
    row<&Build::entitlements>("entitlements", honoured,
                              "security.insecure; network.host is given anyway; others: a warning"),
    row<&Build::args>("args"),
    row<&Build::ssh>("ssh"),
    row<&Build::labels>("labels"),
    row<&Build::cache_from>("cache_from"),
    row<&Build::cache_to>("cache_to"),
    row<&Build::no_cache>("no_cache"),
    row<&Build::no_cache_filter>("no_cache_filter"),
    row<&Build::additional_contexts, Contexts>("additional_contexts"),
    row<&Build::pull>("pull"),
    row<&Build::extra_hosts>("extra_hosts"),
    row<&Build::isolation>("isolation", ignored, "an attribute of Windows containers"),
    row<&Build::network>("network"),
    row<&Build::provenance, TextOrBoolean>("provenance", ignored, k_no_attestations),
    row<&Build::sbom, TextOrBoolean>("sbom", ignored, k_no_attestations),
    row<&Build::target>("target"),
    row<&Build::secrets>("secrets"),
    row<&Build::shm_size, ByteSize>("shm_size"),
    row<&Build::tags>("tags"),
    row<&Build::ulimits>("ulimits"),
    row<&Build::platforms, WordList<complain::platform, TextList>>(
        "platforms", honoured, "only this machine's is built; others beside it: a warning"),
    row<&Build::privileged>("privileged"),
});

constexpr auto k_orders = std::to_array<std::string_view>({"start-first", "stop-first"});

constexpr auto k_update_rows = std::to_array<Row>({
    row<&UpdateConfig::parallelism, ShownInteger>("parallelism"),
    row<&UpdateConfig::delay>("delay"),
    row<&UpdateConfig::failure_action>("failure_action"),
    row<&UpdateConfig::monitor>("monitor"),
    row<&UpdateConfig::max_failure_ratio>("max_failure_ratio"),
    row<&UpdateConfig::order, OneOf<k_orders>>("order"),
});

constexpr auto k_limit_rows = std::to_array<Row>({
    row<&ResourceLimits::cpus>("cpus"),
    row<&ResourceLimits::memory, MemoryLimitText>("memory"),
    row<&ResourceLimits::pids>("pids"),
});
constexpr auto k_reservation_rows = std::to_array<Row>({
    row<&ResourceReservations::cpus>("cpus", ignored, k_swarm),
    row<&ResourceReservations::memory, ByteText>("memory"),
    row<&ResourceReservations::devices>("devices", ignored, "accelerators are not handed to containers"),
    row<&ResourceReservations::generic_resources>("generic_resources", ignored, k_swarm),
});
constexpr auto k_generic_rows =
    std::to_array<Row>({row<&GenericResource::discrete_resource_spec>("discrete_resource_spec")});
constexpr auto k_discrete_rows = std::to_array<Row>({
    row<&DiscreteResource::kind>("kind"),
    row<&DiscreteResource::value, ShownInteger>("value"),
});
constexpr auto k_resource_rows = std::to_array<Row>({
    row<&Resources::limits>("limits"),
    row<&Resources::reservations>("reservations"),
});

constexpr auto k_restart_rows = std::to_array<Row>({
    row<&RestartPolicy::condition, Word<complain::restart_condition>>("condition"),
    row<&RestartPolicy::delay>("delay", ignored, "the delay between restarts grows by itself"),
    row<&RestartPolicy::max_attempts, ShownInteger>("max_attempts"),
    row<&RestartPolicy::window>("window", ignored, "a restart counts as successful after ten seconds"),
});

constexpr auto k_preference_rows = std::to_array<Row>({row<&PlacementPreference::spread>("spread")});
constexpr auto k_placement_rows = std::to_array<Row>({
    row<&Placement::constraints>("constraints"),
    row<&Placement::preferences>("preferences"),
    row<&Placement::max_replicas_per_node>("max_replicas_per_node"),
});

constexpr auto k_deploy_rows = std::to_array<Row>({
    row<&Deploy::mode>("mode", ignored, k_swarm),
    row<&Deploy::replicas, ShownInteger>("replicas"),
    row<&Deploy::labels>("labels", ignored, k_swarm),
    row<&Deploy::update_config>("update_config", ignored, k_swarm),
    row<&Deploy::rollback_config>("rollback_config", ignored, k_swarm),
    row<&Deploy::resources>("resources"),
    row<&Deploy::restart_policy>("restart_policy"),
    row<&Deploy::placement>("placement", ignored, k_swarm),
    row<&Deploy::endpoint_mode>("endpoint_mode", ignored, k_swarm),
});

constexpr auto k_recursion = std::to_array<std::string_view>({"enabled", "disabled", "writable", "readonly"});
constexpr auto k_selinux = std::to_array<std::string_view>({"z", "Z"});

constexpr auto k_bind_rows = std::to_array<Row>({
    row<&BindOptions::selinux, OneOf<k_selinux>>("selinux", ignored, "files are not relabelled"),
    row<&BindOptions::propagation>("propagation"),
    row<&BindOptions::create_host_path>("create_host_path"),
    row<&BindOptions::recursive, OneOf<k_recursion>>("recursive"),
});
constexpr auto k_volume_option_rows = std::to_array<Row>({
    row<&VolumeOptions::labels>("labels"),
    row<&VolumeOptions::nocopy>("nocopy"),
    row<&VolumeOptions::subpath>("subpath"),
});
constexpr auto k_tmpfs_rows = std::to_array<Row>({
    row<&TmpfsOptions::size, ByteSize>("size"),
    row<&TmpfsOptions::mode, PlainMode>("mode"),
});
constexpr auto k_image_rows = std::to_array<Row>({row<&ImageOptions::subpath>("subpath")});

constexpr auto k_mount_rows = std::to_array<Row>({
    row<&Mount::type>("type"),
    row<&Mount::source>("source"),
    row<&Mount::target>("target"),
    row<&Mount::read_only>("read_only"),
    row<&Mount::consistency>("consistency", loader, "without effect on Linux"),
    row<&Mount::bind>("bind"),
    row<&Mount::volume>("volume"),
    row<&Mount::tmpfs>("tmpfs"),
    row<&Mount::image>("image"),
});
constexpr auto k_mount_required = std::to_array<std::string_view>({"type"});

}  // namespace

template <>
const Table& table_of<Build>() {
  static constexpr Table table{"build", k_build_rows, extensions_of<Build>};
  return table;
}
template <>
const Table& table_of<UpdateConfig>() {
  static constexpr Table table{"an update policy", k_update_rows, extensions_of<UpdateConfig>};
  return table;
}
template <>
const Table& table_of<ResourceLimits>() {
  static constexpr Table table{"limits", k_limit_rows, extensions_of<ResourceLimits>};
  return table;
}
template <>
const Table& table_of<ResourceReservations>() {
  static constexpr Table table{"reservations", k_reservation_rows, extensions_of<ResourceReservations>};
  return table;
}
template <>
const Table& table_of<GenericResource>() {
  static constexpr Table table{"a generic resource", k_generic_rows, extensions_of<GenericResource>};
  return table;
}
template <>
const Table& table_of<DiscreteResource>() {
  static constexpr Table table{"a discrete resource", k_discrete_rows, extensions_of<DiscreteResource>};
  return table;
}
template <>
const Table& table_of<Resources>() {
  static constexpr Table table{"resources", k_resource_rows, extensions_of<Resources>};
  return table;
}
template <>
const Table& table_of<RestartPolicy>() {
  static constexpr Table table{"a restart policy", k_restart_rows, extensions_of<RestartPolicy>};
  return table;
}
template <>
const Table& table_of<PlacementPreference>() {
  static constexpr Table table{"a placement preference", k_preference_rows,
                               extensions_of<PlacementPreference>};
  return table;
}
template <>
const Table& table_of<Placement>() {
  static constexpr Table table{"placement", k_placement_rows, extensions_of<Placement>};
  return table;
}
template <>
const Table& table_of<Deploy>() {
  static constexpr Table table{"deploy", k_deploy_rows, extensions_of<Deploy>};
  return table;
}
template <>
const Table& table_of<BindOptions>() {
  static constexpr Table table{"bind options", k_bind_rows, extensions_of<BindOptions>};
  return table;
}
template <>
const Table& table_of<VolumeOptions>() {
  static constexpr Table table{"volume options", k_volume_option_rows, extensions_of<VolumeOptions>};
  return table;
}
template <>
const Table& table_of<TmpfsOptions>() {
  static constexpr Table table{"tmpfs options", k_tmpfs_rows, extensions_of<TmpfsOptions>};
  return table;
}
template <>
const Table& table_of<ImageOptions>() {
  static constexpr Table table{"image options", k_image_rows, extensions_of<ImageOptions>};
  return table;
}
template <>
const Table& table_of<Mount>() {
  static constexpr Table table{"a volume of a service", k_mount_rows, extensions_of<Mount>, k_mount_required};
  return table;
}

}  // namespace compose::loader
