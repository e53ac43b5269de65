#include "runtime-shim/shim/prepare.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

using Strings = std::vector<std::string>;

namespace {

std::string sysctl_error(SecuritySpec security, const std::string& key, const std::string& value = "1") {
  security.sysctls = {{key, value}};
  try {
    prepare_sysctls(security);
  } catch (const base::Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("runtime/shim/prepare") {
  TEST_CASE("the environment starts from defaults; the last of two counts; what has no value is dropped") {
    CHECK(complete_environment({"A=1", "SECRET", "A=2", "=x", "*", "E="}, "host", false, "/root") ==
          Strings{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=host", "A=2",
                  "E=", "HOME=/root"});
    CHECK(complete_environment({"PATH=/x", "HOME=/h", "TERM=dumb"}, "host", true, "/root") ==
          Strings{"PATH=/x", "HOSTNAME=host", "TERM=dumb", "HOME=/h"});
  }

  TEST_CASE("a command without a slash is looked for in PATH") {
    CHECK(exec_candidates("sh", {"PATH=/a:/b"}) == Strings{"/a/sh", "/b/sh"});
    CHECK(exec_candidates("sh", {"PATH=:/b"}) == Strings{"./sh", "/b/sh"});
    CHECK(exec_candidates("./sh", {"PATH=/a"}) == Strings{"./sh"});
    CHECK(exec_candidates("", {"PATH=/a"}).empty());
  }

  TEST_CASE("kernel parameters of the container's own namespaces, in either spelling") {
    SecuritySpec security;
    security.sysctls = {
        {"net.core.somaxconn", "10"}, {"kernel/shmmax", "5"}, {"net.ipv4.conf.eth0/1.forwarding", "1"}};
    const auto out = prepare_sysctls(security);
    REQUIRE(out.size() == 5);
    CHECK(out[0].path == "sys/kernel/shmmax");
    CHECK(out[1].path == "sys/net/core/somaxconn");
    CHECK(out[2].path == "sys/net/ipv4/conf/eth0.1/forwarding");
    CHECK(out[3].path == "sys/net/ipv4/ip_unprivileged_port_start");
  }

  TEST_CASE("all others are refused") {
    for (const char* key : {"kernel.core_pattern", "kernel.hostname", "vm.swappiness", "fs.file-max",
                            "net.ipv4/../../kernel/core_pattern", "net", ""})
      CHECK(sysctl_error({}, key) ==
            base::text("kernel parameter '{}' is not one of the container's own", key));
    CHECK(sysctl_error({.network = {.mode = NamespaceMode::host}}, "net.core.somaxconn") ==
          "kernel parameter 'net.core.somaxconn' is not one of the container's own");
    CHECK(sysctl_error({.ipc = {.mode = NamespaceMode::host}}, "kernel.sem") ==
          "kernel parameter 'kernel.sem' is not one of the container's own");
    CHECK(sysctl_error({}, "kernel.sem", "1\n2") ==
          "kernel parameter 'kernel.sem': the value has more than one line");
  }

  TEST_CASE("an exec takes from the container what it does not say itself") {
    const ProcessSpec process{.argv = {"init"}, .environment = {"A=1"}, .directory = "/srv", .user = "alice"};
    const auto request = request_of(ExecSpec{.argv = {"ls"}, .environment = {"A=2"}}, process, false);
    CHECK(request.argv == Strings{"ls"});
    CHECK(request.environment == Strings{"A=1", "A=2"});
    CHECK(request.directory == "/srv");
    CHECK(request.user == "alice");
    CHECK(request_of(ExecSpec{.argv = {"ls"}, .user = "bob"}, process, false).user == "bob");
  }
}
