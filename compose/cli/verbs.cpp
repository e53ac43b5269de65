#include "compose/cli/verbs/verbs.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/similar.hpp"

namespace compose::cli {
namespace {

constexpr auto k_verbs = std::to_array<VerbEntry>({
    {"attach", "[OPTIONS] SERVICE", "Connect the terminal to a running container", make_attach},
    {"build", "[OPTIONS] [SERVICE...]", "Build images of services", make_build},
    {"commit", "[OPTIONS] SERVICE [REPOSITORY[:TAG]]", "Make an image of a container", make_commit},
    {"config", "[OPTIONS] [SERVICE...]", "Check the compose file and print it in canonical form",
     make_config},
    {"cp",
     "[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-\n        compose cp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH",
     "Copy files between a container and here", make_cp},
    {"create", "[OPTIONS] [SERVICE...]", "Create containers without starting them", make_create},
    {"down", "[OPTIONS] [SERVICE...]", "Stop and remove containers and networks", make_down},
    {"events", "[OPTIONS] [SERVICE...]", "Print what happens to containers", make_events},
    {"exec", "[OPTIONS] SERVICE COMMAND [ARGS...]", "Run a command in a running container", make_exec},
    {"export", "[OPTIONS] SERVICE", "Write the files of a container as a tar", make_export},
    {"help", "COMMAND", "Explain a command", make_help},
    {"image", "COMMAND", "Manage images: list, pull, push, load, save, remove", make_image},
    {"images", "[OPTIONS] [SERVICE...]", "List the images of containers", make_images},
    {"kill", "[OPTIONS] [SERVICE...]", "Send a signal to containers", make_kill},
    {"logs", "[OPTIONS] [SERVICE...]", "Print what containers wrote", make_logs},
    {"ls", "[OPTIONS]", "List the projects that run", make_ls},
    {"pause", "[SERVICE...]", "Freeze containers", make_pause},
    {"port", "[OPTIONS] SERVICE PRIVATE_PORT", "Print where a port is published", make_port},
    {"ps", "[OPTIONS] [SERVICE...]", "List containers", make_ps},
    {"pull", "[OPTIONS] [SERVICE...]", "Pull images of services", make_pull},
    {"push", "[OPTIONS] [SERVICE...]", "Push images of services", make_push},
    {"restart", "[OPTIONS] [SERVICE...]", "Stop containers and start them again", make_restart},
    {"rm", "[OPTIONS] [SERVICE...]", "Remove stopped containers", make_rm},
    {"run", "[OPTIONS] SERVICE [COMMAND] [ARGS...]", "Run a command in a new container of a service",
     make_run},
    {"scale", "SERVICE=N...", "Set how many containers services have", make_scale},
    {"start", "[OPTIONS] [SERVICE...]", "Start containers that exist", make_start},
    {"stats", "[OPTIONS] [SERVICE]", "Show what containers use: CPU, memory, network", make_stats},
    {"stop", "[OPTIONS] [SERVICE...]", "Stop containers without removing them", make_stop},
    {"top", "[SERVICE...]", "Show the processes of containers", make_top},
    {"unpause", "[SERVICE...]", "Thaw frozen containers", make_unpause},
    {"up", "[OPTIONS] [SERVICE...]", "Create and start containers", make_up},
    {"version", "[OPTIONS]", "Show the version", make_version},
    {"volumes", "[OPTIONS] [SERVICE...]", "List the volumes of the project", make_volumes},
    {"wait", "[OPTIONS] SERVICE...", "Wait until containers end", make_wait},
});
static_assert(std::ranges::is_sorted(k_verbs, {}, &VerbEntry::name));

}  // namespace

std::span<const VerbEntry> all_verbs() {
  return k_verbs;
}

const VerbEntry* find_verb(std::string_view name) {
  const std::string_view known = name == "convert" ? "config" : name;
  const auto found = std::ranges::lower_bound(k_verbs, known, {}, &VerbEntry::name);
  return found != k_verbs.end() && found->name == known ? &*found : nullptr;
}

std::string_view similar_verb(std::string_view word) {
  std::vector<std::string_view> names;
  for (const auto& verb : k_verbs) names.push_back(verb.name);
  return base::nearest(word, names);
}

}  // namespace compose::cli
