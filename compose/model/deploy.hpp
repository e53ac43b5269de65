#pragma once
// services.*.deploy. One host honours replicas, resources and restart_policy; the rest is kept for `config`,
// and the loader's tables say so.
#include "compose/model/common.hpp"

namespace compose::model {

struct UpdateConfig {
  std::optional<std::int64_t> parallelism;
  std::optional<Duration> delay;
  std::string failure_action;
  std::optional<Duration> monitor;
  std::optional<double> max_failure_ratio;
  std::string order;
  Extensions extensions;
  bool operator==(const UpdateConfig&) const = default;
};

struct ResourceLimits {
  std::optional<double> cpus;  // cores
  std::optional<Bytes> memory;
  std::optional<std::int64_t> pids;
  Extensions extensions;
  bool operator==(const ResourceLimits&) const = default;
};

struct DiscreteResource {
  std::string kind;
  std::optional<std::int64_t> value;
  Extensions extensions;
  bool operator==(const DiscreteResource&) const = default;
};

struct GenericResource {
  std::optional<DiscreteResource> discrete_resource_spec;
  Extensions extensions;
  bool operator==(const GenericResource&) const = default;
};

struct ResourceReservations {
  std::optional<double> cpus;
  std::optional<Bytes> memory;
  std::vector<GenericResource> generic_resources;
  std::vector<DeviceRequest> devices;
  Extensions extensions;
  bool operator==(const ResourceReservations&) const = default;
};

struct Resources {
  std::optional<ResourceLimits> limits;
  std::optional<ResourceReservations> reservations;
  Extensions extensions;
  bool operator==(const Resources&) const = default;
};

struct RestartPolicy {
  std::string condition;  // none, on-failure, any; empty: not said
  std::optional<Duration> delay;
  std::optional<std::int64_t> max_attempts;
  std::optional<Duration> window;
  Extensions extensions;
  bool operator==(const RestartPolicy&) const = default;
};

struct PlacementPreference {
  std::string spread;
  Extensions extensions;
  bool operator==(const PlacementPreference&) const = default;
};

struct Placement {
  Strings constraints;
  std::vector<PlacementPreference> preferences;
  std::optional<std::int64_t> max_replicas_per_node;
  Extensions extensions;
  bool operator==(const Placement&) const = default;
};

struct Deploy {
  std::string mode;
  std::optional<std::int64_t> replicas;
  StringMap labels;
  std::optional<UpdateConfig> update_config;
  std::optional<UpdateConfig> rollback_config;
  Resources resources;
  std::optional<RestartPolicy> restart_policy;
  Placement placement;
  std::string endpoint_mode;
  Extensions extensions;
  bool operator==(const Deploy&) const = default;
};

}  // namespace compose::model
