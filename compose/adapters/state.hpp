#pragma once
// The CLI's rooms of the state database: projects, containers, volumes. What is durable and nothing else:
// whether a container runs is asked of its shim. Every function is one transaction, or joins the one that is
// open.
//
// `phase` says how far a row got, so that whatever a killed command left is understood by the next one:
//   creating  the row is there, directories and leases may be; removed and made again
//   complete  everything that create() makes is there
//   removing  some of it may be gone already; the removal is finished by whoever sees it
//   purging   the same, and its anonymous volumes go with it
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "base/database.hpp"
#include "base/record.hpp"
#include "compose/adapters/paths.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "scheduler/hook_spec.hpp"

namespace compose::adapters {

using base::field;
using rt::ContainerId;

enum class Phase : std::uint8_t { creating, complete, removing, purging };

[[nodiscard]] constexpr bool is_going(Phase phase) noexcept {
  return phase == Phase::removing || phase == Phase::purging;
}

struct ProjectRecord {
  std::string name;
  std::string working_directory;
  std::vector<std::string> config_files;
};

struct MountedVolume {
  std::string volume;
  std::string target;
  bool anonymous = false;
  static constexpr auto fields() {
    return std::tuple{field("volume", &MountedVolume::volume), field("target", &MountedVolume::target),
                      field("anonymous", &MountedVolume::anonymous)};
  }
  bool operator==(const MountedVolume&) const = default;
};

// A port as the file asks for it; what was got is in ContainerSummary::ports.
struct PortWish {
  std::string protocol = "tcp";
  std::string host_address;
  std::uint16_t first = 0;  // 0: any free one
  std::uint16_t last = 0;
  std::uint16_t target = 0;
  static constexpr auto fields() {
    return std::tuple{field("protocol", &PortWish::protocol), field("host_address", &PortWish::host_address),
                      field("first", &PortWish::first), field("last", &PortWish::last),
                      field("target", &PortWish::target)};
  }
};

// What tables show and plans compare, small enough to read for every container of a project.
struct ContainerSummary {
  std::string command;  // one line
  std::vector<PortWish> wishes;
  std::vector<rt::PublishedPort> ports;  // as of the last start
  std::vector<std::string> exposed;      // "80/tcp", from the image and the file
  std::vector<std::string> networks;     // names
  std::vector<MountedVolume> volumes;
  std::vector<std::string> joins;  // ids of containers whose namespaces it shares
  std::int64_t stop_grace = 0;     // nanoseconds
  bool started = false;            // ever
  std::optional<sched::ServiceHooks> hooks;
  static constexpr auto fields() {
    return std::tuple{
        field("command", &ContainerSummary::command),   field("wishes", &ContainerSummary::wishes),
        field("ports", &ContainerSummary::ports),       field("exposed", &ContainerSummary::exposed),
        field("networks", &ContainerSummary::networks), field("volumes", &ContainerSummary::volumes),
        field("joins", &ContainerSummary::joins),       field("stop_grace", &ContainerSummary::stop_grace),
        field("started", &ContainerSummary::started),   field("hooks", &ContainerSummary::hooks)};
  }
};

struct ContainerRecord {
  ContainerId id;
  std::string name;
  std::string project;
  std::string service;
  int number = 0;
  bool one_off = false;
  Phase phase = Phase::creating;
  std::string config_hash;
  std::string image;
  std::string image_id;
  std::int64_t created_at = 0;  // nanoseconds since the epoch
  ContainerSummary summary;
  std::map<std::string, std::string> labels;  // empty where they were not asked for
};

struct VolumeRecord {
  std::string name;
  std::string project;
  std::string key;  // empty: anonymous
  std::string driver = "local";
  std::map<std::string, std::string> options;
  std::map<std::string, std::string> labels;
  std::string config_hash;
  ContainerId owner;  // of an anonymous one
  std::int64_t created_at = 0;
};

class State {
 public:
  // Makes the data root (0711) and the database where they are missing. Also keeps a small reserve file,
  // given up when the disk is full, so that `stop` and `down` can still write what they did.
  explicit State(const Paths& paths);

  // Also for the rooms of net and images.
  [[nodiscard]] base::Database& database() noexcept { return database_; }
  void transaction(const std::function<void()>& f) { database_.transaction(f); }

  void put_project(const ProjectRecord& project);
  [[nodiscard]] std::vector<ProjectRecord> projects();
  void forget_project_if_empty(const std::string& name);

  enum class Labels : std::uint8_t { without, with };
  [[nodiscard]] std::vector<ContainerRecord> containers(const std::string& project,
                                                        Labels labels = Labels::without);
  [[nodiscard]] std::vector<ContainerRecord> all_containers(Labels labels = Labels::without);
  [[nodiscard]] std::optional<ContainerRecord> container(const ContainerId& id);
  [[nodiscard]] std::optional<ContainerRecord> container_named(const std::string& name);
  [[nodiscard]] rt::ContainerSpec spec(const ContainerId& id);
  // `config`: what config_hash was made of, kept once for each hash. Error when the name is taken.
  void add_container(const ContainerRecord& container, const rt::ContainerSpec& spec,
                     const std::string& config);
  void set_spec(const ContainerId& id, const rt::ContainerSpec& spec);
  void set_summary(const ContainerId& id, const ContainerSummary& summary);
  void set_phase(std::span<const ContainerId> ids, Phase phase);
  void rename_container(const ContainerId& id, const std::string& name);
  void remove_containers(std::span<const ContainerId> ids);
  [[nodiscard]] std::string config(const std::string& config_hash);  // empty: not known

  [[nodiscard]] std::vector<VolumeRecord> volumes(const std::string& project);
  [[nodiscard]] std::optional<VolumeRecord> volume(const std::string& name);
  void add_volume(const VolumeRecord& volume);
  void own_volume(const std::string& name, const ContainerId& owner);
  void remove_volume(const std::string& name);
  // The containers that mount it, or are attached to it, by name.
  [[nodiscard]] std::vector<std::string> users_of_volume(const std::string& name);
  [[nodiscard]] std::optional<ContainerId> other_user_of_volume(const std::string& name,
                                                                const ContainerId& than);

 private:
  base::Database database_;
};

}  // namespace compose::adapters
