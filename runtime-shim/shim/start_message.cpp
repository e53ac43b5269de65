#include "runtime-shim/shim/start_message.hpp"

#include "base/error.hpp"
#include "base/wire.hpp"

namespace compose::rt {
namespace {

// Hands the descriptors of a message out in order.
class FdQueue {
 public:
  explicit FdQueue(std::vector<base::UniqueFd> fds) : fds_(std::move(fds)) {}
  base::UniqueFd take() {
    if (next_ >= fds_.size()) base::fail("start request: descriptors are missing");
    return std::move(fds_[next_++]);
  }
  void expect_end() const {
    if (next_ != fds_.size()) base::fail("start request: {} descriptors too many", fds_.size() - next_);
  }

 private:
  std::vector<base::UniqueFd> fds_;
  std::size_t next_ = 0;
};

// The id becomes a path: nothing else than 64 hex digits.
void check_id(const ContainerId& id) {
  const auto& s = id.str();
  if (s.size() != 64 || s.find_first_not_of("0123456789abcdef") != std::string::npos)
    base::fail("start request: container id '{}' is not 64 hex digits", s);
}

void check_cgroup_component(const std::string& name, std::string_view what) {
  if (name.empty() || name.front() == '.' || name.find_first_of("/\n") != std::string::npos)
    base::fail("start request: {} '{}' cannot name a cgroup", what, name);
}

void check_message(const StartMessage& m) {
  check_id(m.spec.id);
  check_cgroup_component(m.spec.project, "project");
  check_cgroup_component(m.header.cgroup_root, "cgroup root");
  if (m.spec.process.argv.empty()) base::fail("start request: no command");
  for (const auto index : m.header.held_ports)
    if (index >= m.spec.ports.size()) base::fail("start request: there is no port {}", index);
}

}  // namespace

StartMessage decode_start(base::Message message) {
  StartMessage out;
  base::WireReader r{message.bytes};
  r.get(out.header.protocol);
  if (out.header.protocol != k_start_protocol)
    base::fail("start request: protocol {} is not understood", out.header.protocol);
  r = base::WireReader{message.bytes};
  r.get(out.header);
  r.get(out.spec);
  r.expect_end();
  FdQueue fds{std::move(message.fds)};
  for (std::size_t i = 0; i < out.header.held_ports.size(); ++i) out.held_sockets.push_back(fds.take());
  if (out.header.direct_stdio)
    for (auto& fd : out.stdio) fd = fds.take();
  if (out.header.tee_output)
    for (auto& fd : out.tee) fd = fds.take();
  if (out.header.followed) out.follower = fds.take();
  if (out.header.networked || out.header.gated) out.lane = fds.take();
  fds.expect_end();
  check_message(out);
  return out;
}

}  // namespace compose::rt
