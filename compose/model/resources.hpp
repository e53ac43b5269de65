#pragma once
// Top-level networks, volumes, configs, secrets and models, with their full names filled in.
#include "compose/model/common.hpp"

namespace compose::model {

struct AddressPool {
  std::string subnet;
  std::string gateway;
  std::string ip_range;
  StringMap aux_addresses;
  Extensions extensions;
  bool operator==(const AddressPool&) const = default;
};

struct AddressManagement {
  std::string driver;
  std::vector<AddressPool> config;
  StringMap options;
  Extensions extensions;
  bool operator==(const AddressManagement&) const = default;
};

struct Network {
  std::string name;  // "<project>_<key>" unless the file names it
  std::string driver;
  StringMap driver_opts;
  AddressManagement ipam;
  bool external = false;
  bool internal = false;
  bool attachable = false;
  StringMap labels;
  std::optional<bool> enable_ipv4;
  std::optional<bool> enable_ipv6;
  Extensions extensions;
  bool operator==(const Network&) const = default;
};

struct Volume {
  std::string name;
  std::string driver;
  StringMap driver_opts;
  bool external = false;
  StringMap labels;
  Extensions extensions;
  bool operator==(const Volume&) const = default;
};

// A config or a secret: where its content comes from.
struct FileObject {
  std::string name;
  std::string file;
  std::string environment;
  std::optional<std::string> content;  // configs: inline
  // Value of `environment`, looked up where the file was read; never printed.
  std::optional<std::string> resolved_content;
  bool external = false;
  StringMap labels;
  std::string driver;
  StringMap driver_opts;
  std::string template_driver;
  Extensions extensions;
  bool operator==(const FileObject&) const = default;
};

struct AiModel {
  std::string name;
  std::string model;
  std::optional<std::int64_t> context_size;
  Strings runtime_flags;
  Extensions extensions;
  bool operator==(const AiModel&) const = default;
};

}  // namespace compose::model
