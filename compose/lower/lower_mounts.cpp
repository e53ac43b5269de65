#include <algorithm>
#include <charconv>

#include "base/units.hpp"
#include "compose/lower/service_lowering.hpp"

namespace compose::lower {

using base::text;

namespace {

rt::BindMount bind_mount(const model::Mount& mount) {
  rt::BindMount bind{.source = base::HostPath{base::clean_path(mount.source)},
                     .target = base::ContainerPath{mount.target},
                     .read_only = mount.read_only};
  if (!mount.bind) return bind;
  bind.create_source = mount.bind->create_host_path.value_or(true);
  bind.recursive = mount.bind->recursive != "disabled";
  if (!mount.bind->propagation.empty()) bind.propagation = mount.bind->propagation;
  return bind;
}

rt::TmpfsMount tmpfs_mount(const model::Mount& mount) {
  rt::TmpfsMount tmpfs{.target = base::ContainerPath{mount.target}, .read_only = mount.read_only};
  if (mount.tmpfs && mount.tmpfs->size) tmpfs.size = static_cast<std::uint64_t>(*mount.tmpfs->size);
  if (mount.tmpfs && mount.tmpfs->mode) tmpfs.mode = mount.tmpfs->mode->bits;
  return tmpfs;
}

sched::VolumeUse volume_use(const model::Mount& mount) {
  sched::VolumeUse use{.volume = mount.source, .target = mount.target, .read_only = mount.read_only};
  if (mount.volume) {
    use.copy_up = !mount.volume->nocopy;
    use.subpath = mount.volume->subpath;
  }
  return use;
}

void lower_volumes(const ServiceLowering& l) {
  for (const model::Mount& mount : l.service.volumes) {
    switch (mount.type) {
      case model::MountType::bind:
        l.out.spec.mounts.emplace_back(bind_mount(mount));
        break;
      case model::MountType::tmpfs:
        l.out.spec.mounts.emplace_back(tmpfs_mount(mount));
        break;
      case model::MountType::volume:
        l.out.volumes.push_back(volume_use(mount));
        break;
      case model::MountType::image:
        l.fail(text("mount at \"{}\": images cannot be mounted", mount.target));
      case model::MountType::cluster:
        l.fail(text("mount at \"{}\": there are no cluster volumes on one host", mount.target));
      case model::MountType::npipe:
        l.fail(text("mount at \"{}\": there are no named pipes on Linux", mount.target));
    }
  }
}

std::optional<std::uint32_t> octal(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

void apply_tmpfs_option(const ServiceLowering& l, rt::TmpfsMount& mount, std::string_view option) {
  const auto value_of = [&](std::string_view name) { return option.substr(name.size()); };
  if (option == "ro") {
    mount.read_only = true;
  } else if (option.starts_with("size=")) {
    const auto size = base::parse_bytes(value_of("size="));
    if (!size || *size < 0)
      l.fail(text("tmpfs \"{}\": not a size: \"{}\"", mount.target.str(), value_of("size=")));
    mount.size = static_cast<std::uint64_t>(*size);
  } else if (option.starts_with("mode=")) {
    const auto mode = octal(value_of("mode="));
    if (!mode) l.fail(text("tmpfs \"{}\": not a mode: \"{}\"", mount.target.str(), value_of("mode=")));
    mount.mode = *mode;
  } else if (option != "rw" && !option.empty()) {
    mount.options.emplace_back(option);
  }
}

// "/run:size=64m,mode=755,exec"
void lower_tmpfs(const ServiceLowering& l) {
  for (const std::string& entry : l.service.tmpfs) {
    const auto colon = entry.find(':');
    rt::TmpfsMount mount{.target = base::ContainerPath{entry.substr(0, colon)}};
    std::string_view rest =
        colon == std::string::npos ? std::string_view{} : std::string_view{entry}.substr(colon + 1);
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      apply_tmpfs_option(l, mount, rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    l.out.spec.mounts.emplace_back(std::move(mount));
  }
}

std::uint32_t owner_number(const ServiceLowering& l, const std::string& what, const std::string& digits) {
  if (digits.empty()) return 0;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size())
    l.fail(text("{}: owner \"{}\" is not a number", what, digits));
  return value;
}

// A config or a secret: a file of the host is bound as it is, a content of ours is written for the container.
void lower_grant(const ServiceLowering& l, const char* kind,
                 const std::map<std::string, model::FileObject>& objects, const model::FileGrant& grant,
                 const std::string& target) {
  const std::string what = text("{} \"{}\"", kind, grant.source);
  const auto found = objects.find(grant.source);
  if (found == objects.end()) l.fail(text("undefined {}", what));
  const model::FileObject& object = found->second;
  if (object.external)
    l.fail(text("unsupported external {} {}", kind, object.name.empty() ? grant.source : object.name));
  if (!object.file.empty()) {
    if (!grant.uid.empty() || !grant.gid.empty() || grant.mode)
      l.warn(text("{}: `uid`, `gid` and `mode` have no effect on a file of the host, ignoring", what));
    l.out.spec.mounts.emplace_back(rt::BindMount{.source = base::HostPath{base::clean_path(object.file)},
                                                 .target = base::ContainerPath{target},
                                                 .read_only = true});
    return;
  }
  const std::optional<std::string>& content = object.content ? object.content : object.resolved_content;
  if (!content)
    l.fail(text("environment variable \"{}\" required by {} \"{}\" is not set", object.environment, kind,
                object.name));
  l.out.spec.mounts.emplace_back(rt::FileMount{.content = *content,
                                               .target = base::ContainerPath{target},
                                               .mode = grant.mode ? grant.mode->bits : 0444,
                                               .uid = owner_number(l, what, grant.uid),
                                               .gid = owner_number(l, what, grant.gid)});
}

void lower_grants(const ServiceLowering& l) {
  for (const model::FileGrant& grant : l.service.configs)
    lower_grant(l, "config", l.project.configs, grant,
                grant.target.empty() ? "/" + grant.source : grant.target);
  for (const model::FileGrant& grant : l.service.secrets) {
    std::string target = grant.target.empty() ? grant.source : grant.target;
    if (!target.starts_with('/')) target.insert(0, "/run/secrets/");
    lower_grant(l, "secret", l.project.secrets, grant, target);
  }
}

bool is_mounted(const sched::DesiredService& service, const std::string& target) {
  const bool bound = std::ranges::any_of(service.spec.mounts, [&](const rt::Mount& mount) {
    return std::visit([&](const auto& m) { return m.target.str() == target; }, mount);
  });
  return bound || std::ranges::any_of(service.volumes,
                                      [&](const sched::VolumeUse& use) { return use.target == target; });
}

// "db", "db:ro", "container:other:rw"
sched::VolumesFrom volumes_from(std::string entry) {
  sched::VolumesFrom from;
  const bool container = entry.starts_with("container:");
  if (container) entry.erase(0, std::string_view{"container:"}.size());
  const auto colon = entry.find(':');
  from.read_only = colon != std::string::npos && entry.substr(colon + 1) == "ro";
  (container ? from.container : from.service) = entry.substr(0, colon);
  return from;
}

}  // namespace

void lower_mounts(const ServiceLowering& l) {
  lower_volumes(l);
  lower_tmpfs(l);
  lower_grants(l);
  for (const std::string& entry : l.service.volumes_from) l.out.volumes_from.push_back(volumes_from(entry));
  for (const std::string& target : l.image.volumes)
    if (!is_mounted(l.out, target)) l.out.volumes.push_back({.target = target});
}

}  // namespace compose::lower
