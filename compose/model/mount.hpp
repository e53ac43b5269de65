#pragma once
// services.*.volumes[] in its long form; short strings have been parsed.
#include "compose/model/common.hpp"

namespace compose::model {

enum class MountType : std::uint8_t { bind, volume, tmpfs, cluster, npipe, image };

struct BindOptions {
  std::string selinux;      // "z", "Z" or empty
  std::string propagation;  // empty: rprivate
  std::optional<bool> create_host_path;
  std::string recursive;  // enabled, disabled, writable, readonly; empty: enabled
  Extensions extensions;
  bool operator==(const BindOptions&) const = default;
};

struct VolumeOptions {
  StringMap labels;
  bool nocopy = false;
  std::string subpath;
  Extensions extensions;
  bool operator==(const VolumeOptions&) const = default;
};

struct TmpfsOptions {
  std::optional<Bytes> size;
  std::optional<FileMode> mode;
  Extensions extensions;
  bool operator==(const TmpfsOptions&) const = default;
};

struct ImageOptions {
  std::string subpath;
  Extensions extensions;
  bool operator==(const ImageOptions&) const = default;
};

struct Mount {
  MountType type = MountType::volume;
  std::string source;  // host path, key of a top-level volume, or image; empty: anonymous volume
  std::string target;
  bool read_only = false;
  std::string consistency;
  std::optional<BindOptions> bind;  // absent: the host path must exist
  std::optional<VolumeOptions> volume;
  std::optional<TmpfsOptions> tmpfs;
  std::optional<ImageOptions> image;
  Extensions extensions;
  bool operator==(const Mount&) const = default;
};

}  // namespace compose::model
