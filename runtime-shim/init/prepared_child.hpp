#pragma once
// What a child does between clone and exec, prepared by the shim: everything the stages need is here as plain
// memory that the child inherits, so that no stage allocates or throws. The child reports over a socket that
// closes at exec: nothing means exec happened, a ChildReport means it did not (or carries the terminal).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "runtime-shim/isolation/capabilities.hpp"
#include "runtime-shim/isolation/rlimits.hpp"
#include "runtime-shim/isolation/seccomp_program.hpp"
#include "runtime-shim/isolation/user.hpp"
#include "runtime-shim/rootfs/mount_apply.hpp"

namespace compose::rt {

enum class ChildStage : std::uint8_t {
  join_cgroup,
  enter_namespaces,
  set_scheduling,
  attach_root,
  mount,
  set_hostname,
  set_sysctl,
  pivot_root,
  open_terminal,
  set_limits,
  set_capabilities,
  set_user,
  load_seccomp,
  start_init,
  enter_directory,
  exec,
  terminal_ready,  // not a failure: the message carries the pty's master
  awaits_network,  // not a failure: waits for a byte with its network namespace
  at_gate,         // not a failure: waits for a byte before it goes on
};

// "mounting the root file system", what failed as part of a sentence.
std::string_view describe(ChildStage stage);

struct ChildReport {
  ChildStage stage;
  std::uint8_t unused = 0;
  std::uint16_t index = 0;  // which mount, sysctl or limit
  std::int32_t error = 0;
};
static_assert(std::is_trivially_copyable_v<ChildReport>);

// The process itself; the same for init, exec and health probes.
struct PreparedProcess {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<std::string> candidates;  // paths to try, from PATH; one where argv[0] has a slash
  std::string directory;
  ResolvedUser user;
  CapabilityMask bounding = 0;
  std::vector<PreparedRlimit> rlimits;
  std::optional<int> oom_score_adjustment;
  const SeccompProgram* seccomp = nullptr;  // nullptr: unconfined
  bool no_new_privileges = false;
  bool terminal = false;
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  int stdio[3] = {-1, -1, -1};  // -1: the container's /dev/null

  // Pointers for execve, made by seal() once the vectors stand.
  std::vector<char*> argv_pointers;
  std::vector<char*> environment_pointers;
  std::vector<char*> init_pointers;  // of the init that stands in front of it: its own name, "--", argv
  void seal();
};

struct PreparedSysctl {
  std::string path;  // below /proc: "sys/net/ipv4/ip_forward"
  std::string value;
  bool optional = false;  // a default of ours, which a kernel may lack
};

// What only the container's first process does: it makes the world the others join.
struct PreparedWorld {
  PreparedMounts mounts;
  int root = -1;             // detached mount
  std::string attach_point;  // any existing host directory: where the root is attached in the new namespace
  std::string hostname;
  std::string domainname;
  std::vector<PreparedSysctl> sysctls;
  bool new_cgroup_namespace = true;
  bool new_network_namespace = false;  // made with the child, so that nobody has raised its loopback link
  int init_program = -1;               // PID 1 becomes this one and the command its child; -1: the command
};

struct PreparedChild {
  PreparedProcess process;
  const PreparedWorld* world = nullptr;  // nullptr: exec into an existing container
  std::vector<int> task_files;           // v1 cgroups to join by writing "0"
  struct NamespaceFile {
    int fd;
    int type;
  };
  // Entered one by one before anything else: shared ipc, uts, network; one's own network at a restart.
  std::vector<NamespaceFile> namespaces;
  int report = -1;  // our end of the socket
  bool new_session_keyring = true;
  bool network_follows = false;  // stops before the first mount that needs it
  bool gated = false;            // stops before the filters and exec
};

// Runs the stages and executes the program; never returns.
[[noreturn]] void run_child(const PreparedChild& child) noexcept;

}  // namespace compose::rt
