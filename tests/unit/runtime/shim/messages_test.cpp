#include <fcntl.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/wire.hpp"
#include "runtime-shim/client/paths.hpp"
#include "runtime-shim/shim/control_server.hpp"
#include "runtime-shim/shim/frame_reader.hpp"
#include "runtime-shim/shim/port_relay.hpp"
#include "runtime-shim/shim/start_message.hpp"
#include "runtime-shim/spec/status_codec.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

ContainerSpec good_spec() {
  ContainerSpec spec;
  spec.id = ContainerId{std::string(64, '0')};
  spec.project = "shop";
  spec.process.argv = {"true"};
  spec.ports = {{.host_port = 80, .container_port = 8080}};
  return spec;
}

base::Message message(const StartHeader& header, const ContainerSpec& spec, int fds) {
  base::WireWriter w;
  w.put(header);
  w.put(spec);
  base::Message out{.bytes = w.take(), .fds = {}};
  for (int i = 0; i < fds; ++i) out.fds.push_back(base::sys::open(base::HostPath{"/dev/null"}, O_RDONLY));
  return out;
}

std::string start_error(const StartHeader& header, const ContainerSpec& spec, int fds) {
  try {
    decode_start(message(header, spec, fds));
  } catch (const base::Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("runtime/shim/messages") {
  TEST_CASE("a start request brings its descriptors in order") {
    const StartHeader header{.cgroup_root = "compose",
                             .held_ports = {0},
                             .tee_output = true,
                             .followed = true,
                             .networked = true,
                             .gated = true};
    const auto out = decode_start(message(header, good_spec(), 5));
    CHECK(out.held_sockets.size() == 1);
    CHECK(out.tee[1]);
    CHECK(out.follower);
    CHECK(out.lane);
    CHECK_FALSE(out.network_namespace);  // comes over the lane
    CHECK_FALSE(out.stdio[0]);
    CHECK(out.spec == good_spec());
  }

  TEST_CASE("a start request that does not fit is refused") {
    const StartHeader header{.cgroup_root = "compose"};
    CHECK(start_error(header, good_spec(), 0) == "");
    CHECK(start_error(header, good_spec(), 1) == "start request: 1 descriptors too many");
    CHECK(start_error({.cgroup_root = "compose", .networked = true}, good_spec(), 0) ==
          "start request: descriptors are missing");
    CHECK(start_error({.protocol = 9, .cgroup_root = "compose"}, good_spec(), 0) ==
          "start request: protocol 9 is not understood");
    CHECK(start_error({.cgroup_root = "../x"}, good_spec(), 0) ==
          "start request: cgroup root '../x' cannot name a cgroup");
    CHECK(start_error({.cgroup_root = "compose", .held_ports = {1}}, good_spec(), 1) ==
          "start request: there is no port 1");
    auto spec = good_spec();
    spec.id = ContainerId{"../../etc"};
    CHECK(start_error(header, spec, 0) == "start request: container id '../../etc' is not 64 hex digits");
    spec = good_spec();
    spec.process.argv.clear();
    CHECK(start_error(header, spec, 0) == "start request: no command");
  }

  TEST_CASE("a control request that is cut anywhere is an error, never a crash") {
    const std::string whole =
        base::to_wire(ControlRequest{.verb = ControlVerb::exec, .exec = {.argv = {"a", "b"}, .user = "u"}});
    CHECK(decode_control(whole).exec.argv == std::vector<std::string>{"a", "b"});
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK_THROWS_AS(decode_control(whole.substr(0, size)), base::Error);
    CHECK_THROWS_AS(decode_control(whole + "x"), base::Error);
    auto odd = ControlRequest{};
    odd.verb = static_cast<ControlVerb>(99);
    CHECK_THROWS_WITH(decode_control(base::to_wire(odd)), "control request: unknown verb");
    CHECK_THROWS_WITH(decode_control(base::to_wire(ControlRequest{.protocol = 7})),
                      "control request: protocol 7 is not understood");
  }

  TEST_CASE("a frame arrives in any pieces") {
    const std::string frame = std::string("\x03\0\0\0", 4) + "abc";
    for (std::size_t cut = 0; cut < frame.size(); ++cut) {
      FrameReader reader;
      CHECK_FALSE(reader.feed(frame.substr(0, cut)).has_value());
      CHECK(reader.feed(frame.substr(cut)).value().bytes == "abc");
    }
    FrameReader reader;
    CHECK_THROWS_AS(reader.feed(frame + "more"), base::Error);
    FrameReader large;
    CHECK_THROWS_AS(large.feed("\xff\xff\xff\xff"), base::Error);
  }

  TEST_CASE("a status survives its file") {
    ContainerStatus status{
        .state = ContainerState::running, .health_output = "ok", .restarts = 3, .warnings = {"w"}};
    CHECK(decode_status(encode_status(status)) == status);
    std::string other = encode_status(status);
    other[0] = 1;  // of an older shim, which says nothing of stopping
    other.pop_back();
    CHECK(decode_status(other) == status);
    status.stopping = true;
    CHECK(decode_status(encode_status(status)) == status);
    other[0] = 0;
    CHECK_THROWS_WITH(decode_status(other), "a container status of version 0 is not understood");
    other[0] = 9;
    CHECK_THROWS_WITH(decode_status(other), "a container status of version 9 is not understood");
    status.state = static_cast<ContainerState>(77);
    CHECK_THROWS_WITH(decode_status(encode_status(status)), "a container status is damaged");
  }

  TEST_CASE("only the default run root has the plain cgroup name") {
    CHECK(RuntimePaths{}.cgroup_root() == "compose");
    CHECK(RuntimePaths{.run_root = base::HostPath{"/tmp/a"}}.cgroup_root() !=
          RuntimePaths{.run_root = base::HostPath{"/tmp/b"}}.cgroup_root());
    CHECK(RuntimePaths{.run_root = base::HostPath{"/tmp/a"}}.cgroup_root().size() ==
          std::string{"compose-01234567"}.size());
  }

  TEST_CASE("a held port leads to the container's first address") {
    ContainerSpec spec;
    CHECK(relay_target(spec, 80).size == 0);
    spec.endpoints = {{.ipv6 = "fd00::2"}};
    CHECK(relay_target(spec, 80).storage.ss_family == AF_INET6);
    spec.endpoints = {{.ipv4 = "172.20.0.2", .ipv6 = "fd00::2"}};
    CHECK(relay_target(spec, 80).storage.ss_family == AF_INET);
  }
}
