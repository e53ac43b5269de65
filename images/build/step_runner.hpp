#pragma once
// Runs one RUN step of a build. The builder prepares everything and hands over a value; the command line
// implements this on the container runtime, tests with a fake. images/ itself knows no runtime.
//
// The implementation must
//  - mount an overlay of `lower` (top first; may be empty for FROM scratch: then `upper` alone is the root),
//    `upper` and `work`, without redirect_dir and metacopy, so that `upper` is a complete layer afterwards;
//  - give the step what a container gets by default: capabilities, seccomp, /proc, /dev, hosts, resolv.conf;
//  - kill whatever the step leaves running and unmount everything before it returns;
//  - call `output` with what the step writes to stdout and stderr, as it comes, in any chunks.
// Mount points it makes in `upper` (empty files and directories) may stay: the builder removes those it
// knows.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/path.hpp"
#include "base/process.hpp"

namespace compose::images {

enum class StepNetwork : std::uint8_t { default_, none, host };

struct StepUlimit {
  std::string name;  // "nofile"
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

struct StepBind {
  base::HostPath source;
  base::ContainerPath target;
  bool read_only = true;
  std::string inside = "";  // below the source, which steps write: resolved with it as the root when mounted
};
struct StepTmpfs {
  base::ContainerPath target;
  std::uint64_t size = 0;  // bytes; 0: the kernel's default
};
// A file that exists for this step only and never on disk: secrets, heredoc scripts.
struct StepFile {
  std::string content;
  base::ContainerPath target;
  std::uint32_t mode = 0400;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
using StepMount = std::variant<StepBind, StepTmpfs, StepFile>;

struct StepSpec {
  std::vector<base::HostPath> lower;  // top layer first
  base::HostPath upper;               // empty directory, on the same file system as `work`
  base::HostPath work;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "KEY=value", complete with PATH
  std::string user;                      // as in ProcessSpec::user
  std::string directory = "/";           // made when missing
  std::vector<StepMount> mounts;
  StepNetwork network = StepNetwork::default_;
  std::vector<std::pair<std::string, std::string>> extra_hosts;
  std::uint64_t shm_size = 0;
  std::uint64_t memory = 0;  // bytes; 0: no limit
  std::vector<StepUlimit> ulimits;
  bool privileged = false;
};

using StepOutput = std::function<void(std::string_view bytes)>;

class StepRunner {
 public:
  virtual ~StepRunner() = default;
  // How the command ended. Throws when it could not be started. Called in a process of its own.
  virtual base::ExitStatus run(const StepSpec& spec, const StepOutput& output) = 0;
  // Steps may have been killed with the processes that ran them: called when none runs any more, to clear
  // away what they left.
  virtual void clean_up() {}
};

}  // namespace compose::images
