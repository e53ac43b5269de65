#include "compose/adapters/state.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"

namespace compose::adapters {
namespace {

using base::SqlRow;
using StringMap = std::map<std::string, std::string>;

constexpr auto k_schema = std::to_array<std::string_view>({
    "CREATE TABLE projects (name TEXT PRIMARY KEY, working_directory TEXT NOT NULL, config_files TEXT NOT "
    "NULL)",
    "CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, project TEXT NOT NULL, service "
    "TEXT NOT NULL,"
    " number INTEGER NOT NULL, one_off INTEGER NOT NULL, phase INTEGER NOT NULL, config_hash TEXT NOT NULL,"
    " image TEXT NOT NULL, image_id TEXT NOT NULL, created_at INTEGER NOT NULL, summary TEXT NOT NULL,"
    " labels TEXT NOT NULL, spec TEXT NOT NULL)",
    "CREATE INDEX containers_of_project ON containers (project)",
    "CREATE TABLE configs (hash TEXT PRIMARY KEY, config TEXT NOT NULL)",
    "CREATE TABLE volumes (name TEXT PRIMARY KEY, project TEXT NOT NULL, key TEXT NOT NULL, driver TEXT NOT "
    "NULL,"
    " options TEXT NOT NULL, labels TEXT NOT NULL, config_hash TEXT NOT NULL, owner TEXT NOT NULL,"
    " created_at INTEGER NOT NULL)",
    "CREATE INDEX volumes_of_project ON volumes (project)",
});

// The columns that container_of() reads. The spec is the largest and read for those containers alone that are
// started.
constexpr std::string_view k_columns =
    "id, name, project, service, number, one_off, phase, config_hash, image, image_id, created_at, summary";

constexpr off_t k_reserve_size = 4 << 20;

// With less than this free, the reserve is given up: what follows is either a command that frees space or one
// that will say that there is none.
constexpr std::uint64_t k_scarce = 1 << 20;

void keep_reserve(const Paths& paths) {
  const auto free = base::sys::free_space(paths.data_root).bytes;
  if (free < k_scarce) {
    base::sys::remove_file_if_present(paths.reserve());
    return;
  }
  if (free < 4 * static_cast<std::uint64_t>(k_reserve_size) || base::sys::exists(paths.reserve())) return;
  const auto file = base::sys::open(paths.reserve(), O_WRONLY | O_CREAT, 0600);
  // Best effort: a file system without preallocation has no reserve.
  if (::fallocate(file.get(), 0, 0, k_reserve_size) != 0) base::sys::remove_file_if_present(paths.reserve());
}

const Paths& prepared(const Paths& paths) {
  base::sys::make_directories(paths.containers(), 0711);
  base::check(::access(paths.data_root.c_str(), W_OK), "write to the data root '{}'", paths.data_root.str());
  keep_reserve(paths);
  return paths;
}

template <class T>
std::string json_text(const T& value) {
  return base::to_json(value).dump();
}

template <class T>
T parsed(const std::string& text, std::string_view what) {
  T value{};
  base::from_json(base::parse_json(text, what), value, "");
  return value;
}

ContainerRecord container_of(const SqlRow& row, bool with_labels) {
  ContainerRecord c;
  c.id = ContainerId{row.text(0)};
  c.name = row.text(1);
  c.project = row.text(2);
  c.service = row.text(3);
  c.number = static_cast<int>(row.integer(4));
  c.one_off = row.integer(5) != 0;
  c.phase = static_cast<Phase>(row.integer(6));
  c.config_hash = row.text(7);
  c.image = row.text(8);
  c.image_id = row.text(9);
  c.created_at = row.integer(10);
  c.summary = base::parse_record<ContainerSummary>(row.text(11), "the state of a container");
  if (with_labels) c.labels = parsed<StringMap>(row.text(12), "the labels of a container");
  return c;
}

std::string select(State::Labels labels, std::string_view where) {
  return base::text("SELECT {}{} FROM containers {}", k_columns,
                    labels == State::Labels::with ? ", labels" : "", where);
}

VolumeRecord volume_of(const SqlRow& row) {
  return {.name = row.text(0),
          .project = row.text(1),
          .key = row.text(2),
          .driver = row.text(3),
          .options = parsed<StringMap>(row.text(4), "the options of a volume"),
          .labels = parsed<StringMap>(row.text(5), "the labels of a volume"),
          .config_hash = row.text(6),
          .owner = ContainerId{row.text(7)},
          .created_at = row.integer(8)};
}

constexpr std::string_view k_volume_columns =
    "name, project, key, driver, options, labels, config_hash, owner, created_at";

}  // namespace

State::State(const Paths& paths) : database_(prepared(paths).database()) {
  database_.migrate("compose", k_schema);
}

void State::put_project(const ProjectRecord& project) {
  database_.run(
      "INSERT INTO projects VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET working_directory ="
      " excluded.working_directory, config_files = excluded.config_files"
      " WHERE working_directory <> excluded.working_directory OR config_files <> excluded.config_files",
      {project.name, project.working_directory, json_text(project.config_files)});
}

std::vector<ProjectRecord> State::projects() {
  std::vector<ProjectRecord> all;
  database_.each("SELECT name, working_directory, config_files FROM projects ORDER BY name", {},
                 [&](const SqlRow& row) {
                   all.push_back({row.text(0), row.text(1),
                                  parsed<std::vector<std::string>>(row.text(2), "the files of a project")});
                 });
  return all;
}

void State::forget_project_if_empty(const std::string& name) {
  database_.run(
      "DELETE FROM projects WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM containers WHERE project = ?1)"
      " AND NOT EXISTS (SELECT 1 FROM volumes WHERE project = ?1)",
      {name});
  database_.run("DELETE FROM configs WHERE hash NOT IN (SELECT config_hash FROM containers)");
}

std::vector<ContainerRecord> State::containers(const std::string& project, Labels labels) {
  std::vector<ContainerRecord> all;
  database_.each(select(labels, "WHERE project = ? ORDER BY name"), {project},
                 [&](const SqlRow& row) { all.push_back(container_of(row, labels == Labels::with)); });
  return all;
}

std::vector<ContainerRecord> State::all_containers(Labels labels) {
  std::vector<ContainerRecord> all;
  database_.each(select(labels, "ORDER BY project, name"), {},
                 [&](const SqlRow& row) { all.push_back(container_of(row, labels == Labels::with)); });
  return all;
}

std::optional<ContainerRecord> State::container(const ContainerId& id) {
  std::optional<ContainerRecord> found;
  database_.each(select(Labels::with, "WHERE id = ?"), {id.str()},
                 [&](const SqlRow& row) { found = container_of(row, true); });
  return found;
}

std::optional<ContainerRecord> State::container_named(const std::string& name) {
  std::optional<ContainerRecord> found;
  database_.each(select(Labels::with, "WHERE name = ?"), {name},
                 [&](const SqlRow& row) { found = container_of(row, true); });
  return found;
}

rt::ContainerSpec State::spec(const ContainerId& id) {
  std::optional<std::string> text;
  database_.each("SELECT spec FROM containers WHERE id = ?", {id.str()},
                 [&](const SqlRow& row) { text = row.text(0); });
  if (!text) base::fail("no such container: {}", id.short_form());
  return base::parse_record<rt::ContainerSpec>(*text,
                                               base::text("the spec of container {}", id.short_form()));
}

void State::add_container(const ContainerRecord& c, const rt::ContainerSpec& spec,
                          const std::string& config) {
  if (const auto other = container_named(c.name))
    base::fail("container name \"{}\" is already in use by service \"{}\" of project \"{}\"", c.name,
               other->service, other->project);
  database_.run("INSERT INTO containers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                {c.id.str(), c.name, c.project, c.service, std::int64_t{c.number}, std::int64_t{c.one_off},
                 static_cast<std::int64_t>(c.phase), c.config_hash, c.image, c.image_id, c.created_at,
                 json_text(c.summary), json_text(c.labels), json_text(spec)});
  if (!config.empty()) database_.run("INSERT OR IGNORE INTO configs VALUES (?, ?)", {c.config_hash, config});
}

void State::set_spec(const ContainerId& id, const rt::ContainerSpec& spec) {
  database_.run("UPDATE containers SET spec = ? WHERE id = ?", {json_text(spec), id.str()});
}

void State::set_summary(const ContainerId& id, const ContainerSummary& summary) {
  database_.run("UPDATE containers SET summary = ? WHERE id = ?", {json_text(summary), id.str()});
}

void State::set_phase(std::span<const ContainerId> ids, Phase phase) {
  transaction([&] {
    for (const auto& id : ids)
      database_.run("UPDATE containers SET phase = ? WHERE id = ?",
                    {static_cast<std::int64_t>(phase), id.str()});
  });
}

void State::rename_container(const ContainerId& id, const std::string& name) {
  database_.run("UPDATE containers SET name = ? WHERE id = ?", {name, id.str()});
}

void State::remove_containers(std::span<const ContainerId> ids) {
  transaction([&] {
    for (const auto& id : ids) database_.run("DELETE FROM containers WHERE id = ?", {id.str()});
  });
}

std::string State::config(const std::string& config_hash) {
  std::string config;
  database_.each("SELECT config FROM configs WHERE hash = ?", {config_hash},
                 [&](const SqlRow& row) { config = row.text(0); });
  return config;
}

std::vector<VolumeRecord> State::volumes(const std::string& project) {
  std::vector<VolumeRecord> all;
  database_.each(base::text("SELECT {} FROM volumes WHERE project = ? ORDER BY name", k_volume_columns),
                 {project}, [&](const SqlRow& row) { all.push_back(volume_of(row)); });
  return all;
}

std::optional<VolumeRecord> State::volume(const std::string& name) {
  std::optional<VolumeRecord> found;
  database_.each(base::text("SELECT {} FROM volumes WHERE name = ?", k_volume_columns), {name},
                 [&](const SqlRow& row) { found = volume_of(row); });
  return found;
}

void State::add_volume(const VolumeRecord& v) {
  database_.run("INSERT OR IGNORE INTO volumes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                {v.name, v.project, v.key, v.driver, json_text(v.options), json_text(v.labels), v.config_hash,
                 v.owner.str(), v.created_at});
}

void State::own_volume(const std::string& name, const ContainerId& owner) {
  database_.run("UPDATE volumes SET owner = ? WHERE name = ?", {owner.str(), name});
}

void State::remove_volume(const std::string& name) {
  database_.run("DELETE FROM volumes WHERE name = ?", {name});
}

std::vector<std::string> State::users_of_volume(const std::string& name) {
  std::vector<std::string> users;
  for (const auto& container : all_containers())
    for (const auto& mounted : container.summary.volumes)
      if (mounted.volume == name) users.push_back(container.name);
  return users;
}

std::optional<ContainerId> State::other_user_of_volume(const std::string& name, const ContainerId& than) {
  std::optional<ContainerId> found;
  // The text is searched first, so that only those that seem to have it are read.
  database_.each(select(Labels::without, "WHERE id <> ? AND instr(summary, ?) > 0"), {than.str(), name},
                 [&](const SqlRow& row) {
                   const auto other = container_of(row, false);
                   if (std::ranges::find(other.summary.volumes, name, &MountedVolume::volume) !=
                       other.summary.volumes.end())
                     found = other.id;
                 });
  return found;
}

}  // namespace compose::adapters
