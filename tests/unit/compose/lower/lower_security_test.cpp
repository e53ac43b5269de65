#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;
using rt::NamespaceMode;

TEST_SUITE("compose/lower/lower_security") {
  TEST_CASE("everything is private unless the file says otherwise") {
    CHECK(OneService{}.lowered().spec.security == rt::SecuritySpec{});
  }

  TEST_CASE("namespaces are the host's, or somebody's") {
    OneService one;
    one.add("db");
    one.web().networks.clear();
    one.web().network_mode = "service:db";
    one.web().depends_on["db"] = {};
    one.web().pid = "host";
    one.web().ipc = "container:other";
    const auto web = one.lowered();
    CHECK(web.spec.security.network ==
          rt::NamespaceSpec{NamespaceMode::shared, rt::ContainerId{"service:db"}});
    CHECK(web.spec.security.pid.mode == NamespaceMode::host);
    CHECK(web.spec.security.ipc ==
          rt::NamespaceSpec{NamespaceMode::shared, rt::ContainerId{"container:other"}});
    CHECK(web.dependencies[0].shares_namespace);
    CHECK(web.attachments.empty());
  }

  TEST_CASE("privileged lifts the filter") {
    OneService one;
    one.web().privileged = true;
    const auto spec = one.lowered().spec;
    CHECK(spec.security.privileged);
    CHECK(spec.security.seccomp == rt::SeccompMode::unconfined);
    CHECK(spec.process.capabilities.size() == 41);
  }

  TEST_CASE("security_opt in both separators") {
    OneService one;
    one.web().security_opt = {"no-new-privileges:true", "seccomp=unconfined", "apparmor:unconfined",
                              "label=disable", "systempaths=unconfined"};
    const auto spec = one.lowered().spec;
    CHECK(spec.process.no_new_privileges);
    CHECK(spec.security.seccomp == rt::SeccompMode::unconfined);
    CHECK(spec.security.unconfined_paths);
    one.web().security_opt = {"no-new-privileges=false", "seccomp:builtin"};
    CHECK_FALSE(one.lowered().spec.process.no_new_privileges);
    CHECK(one.lowered().spec.security.seccomp == rt::SeccompMode::default_profile);
    one.web().security_opt = {"magic"};
    one.check_error("service \"web\": invalid security_opt \"magic\"");
  }

  TEST_CASE("what is not to be had is a warning and never makes the container weaker") {
    OneService one;
    one.web().security_opt = {"seccomp=/srv/profile.json"};
    one.web().userns_mode = "keep-id";
    one.web().cgroup_parent = "/x";
    one.web().ipc = "none";
    const auto lowered = one.lower();
    CHECK(lowered.warnings == Strings{"service \"web\": `ipc: none` is treated as private",
                                      "service \"web\": `userns_mode: keep-id` is not available, ignoring",
                                      "service \"web\": `cgroup_parent` is not available, ignoring",
                                      "service \"web\": security_opt \"seccomp=/srv/profile.json\": own "
                                      "seccomp profiles are not read, the default one stays"});
    CHECK(lowered.state.services[0].spec.security.seccomp == rt::SeccompMode::default_profile);
  }

  TEST_CASE("devices, rules, sysctls and the read-only root") {
    OneService one;
    one.web().devices = {{.source = "/dev/fuse"},
                         {.source = "/dev/a", .target = "/dev/b", .permissions = "r"}};
    one.web().device_cgroup_rules = {"c 1:3 mr"};
    one.web().sysctls = {{"net.core.somaxconn", "1024"}};
    one.web().read_only = true;
    const auto spec = one.lowered().spec;
    CHECK(spec.security.devices ==
          std::vector<rt::DeviceSpec>{{base::HostPath{"/dev/fuse"}, base::ContainerPath{"/dev/fuse"}, "rwm"},
                                      {base::HostPath{"/dev/a"}, base::ContainerPath{"/dev/b"}, "r"}});
    CHECK(spec.security.device_rules == Strings{"c 1:3 mr"});
    CHECK(spec.security.sysctls.at("net.core.somaxconn") == "1024");
    CHECK(spec.rootfs.read_only);
    one.web().devices = {{.source = "vendor.com/gpu=all"}};
    one.check_error(
        "service \"web\": device \"vendor.com/gpu=all\": only device files of the host can be used");
  }
}
