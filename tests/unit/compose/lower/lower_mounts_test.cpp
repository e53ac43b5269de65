#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;
using model::MountType;

TEST_SUITE("compose/lower/lower_mounts") {
  TEST_CASE("a bind mount, as short and as long syntax leave it") {
    OneService one;
    one.web().volumes = {
        {.type = MountType::bind, .source = "/srv", .target = "/data", .bind = model::BindOptions{}},
        {.type = MountType::bind, .source = "/etc/x", .target = "/x", .read_only = true},
        {.type = MountType::bind,
         .source = "/dev/bus",
         .target = "/bus",
         .bind = model::BindOptions{
             .propagation = "rslave", .create_host_path = false, .recursive = "disabled"}}};
    const auto mounts = one.lowered().spec.mounts;
    REQUIRE(mounts.size() == 3);
    CHECK(std::get<rt::BindMount>(mounts[0]) == rt::BindMount{.source = base::HostPath{"/srv"},
                                                              .target = base::ContainerPath{"/data"},
                                                              .create_source = true});
    CHECK(std::get<rt::BindMount>(mounts[1]) == rt::BindMount{.source = base::HostPath{"/etc/x"},
                                                              .target = base::ContainerPath{"/x"},
                                                              .read_only = true});
    CHECK(std::get<rt::BindMount>(mounts[2]) == rt::BindMount{.source = base::HostPath{"/dev/bus"},
                                                              .target = base::ContainerPath{"/bus"},
                                                              .recursive = false,
                                                              .propagation = "rslave"});
  }

  TEST_CASE("volumes stay uses of volumes, the image's become anonymous ones where nothing else is mounted") {
    OneService one;
    one.project.volumes["data"].name = "shop_data";
    one.web().volumes = {
        {.type = MountType::volume, .source = "data", .target = "/data", .read_only = true},
        {.type = MountType::volume, .target = "/cache", .volume = model::VolumeOptions{.nocopy = true}},
        {.type = MountType::tmpfs, .target = "/scratch"}};
    one.image().volumes = {"/data", "/scratch", "/var/lib"};
    CHECK(one.lowered().volumes ==
          std::vector<sched::VolumeUse>{{.volume = "data", .target = "/data", .read_only = true},
                                        {.target = "/cache", .copy_up = false},
                                        {.target = "/var/lib"}});
  }

  TEST_CASE("tmpfs in both syntaxes") {
    OneService one;
    one.web().volumes = {{.type = MountType::tmpfs,
                          .target = "/a",
                          .tmpfs = model::TmpfsOptions{.size = 4096, .mode = model::FileMode{0700}}}};
    one.web().tmpfs = {"/b", "/c:size=64m,mode=755,exec,ro,uid=1000"};
    const auto mounts = one.lowered().spec.mounts;
    CHECK(std::get<rt::TmpfsMount>(mounts[0]) ==
          rt::TmpfsMount{.target = base::ContainerPath{"/a"}, .size = 4096, .mode = 0700});
    CHECK(std::get<rt::TmpfsMount>(mounts[1]) == rt::TmpfsMount{.target = base::ContainerPath{"/b"}});
    CHECK(std::get<rt::TmpfsMount>(mounts[2]) == rt::TmpfsMount{.target = base::ContainerPath{"/c"},
                                                                .size = 64U << 20U,
                                                                .mode = 0755,
                                                                .options = {"exec", "uid=1000"},
                                                                .read_only = true});
    one.web().tmpfs = {"/c:size=big"};
    one.check_error("service \"web\": tmpfs \"/c\": not a size: \"big\"");
    one.web().tmpfs = {"/c:mode=9"};
    one.check_error("service \"web\": tmpfs \"/c\": not a mode: \"9\"");
  }

  TEST_CASE("configs and secrets of files are bound, contents are written") {
    OneService one;
    one.project.configs["conf"] = {.name = "shop_conf", .content = "x=1"};
    one.project.secrets["key"] = {.name = "shop_key", .file = "/srv/key"};
    one.project.secrets["token"] = {.name = "shop_token", .environment = "TOKEN", .resolved_content = "t"};
    one.web().configs = {{.source = "conf"}};
    one.web().secrets = {
        {.source = "key"},
        {.source = "token", .target = "t.txt", .uid = "1000", .gid = "5", .mode = model::FileMode{0400}}};
    const auto mounts = one.lowered().spec.mounts;
    REQUIRE(mounts.size() == 3);
    CHECK(std::get<rt::FileMount>(mounts[0]) ==
          rt::FileMount{.content = "x=1", .target = base::ContainerPath{"/conf"}});
    CHECK(std::get<rt::BindMount>(mounts[1]) ==
          rt::BindMount{.source = base::HostPath{"/srv/key"},
                        .target = base::ContainerPath{"/run/secrets/key"},
                        .read_only = true});
    CHECK(std::get<rt::FileMount>(mounts[2]) ==
          rt::FileMount{.content = "t",
                        .target = base::ContainerPath{"/run/secrets/t.txt"},
                        .mode = 0400,
                        .uid = 1000,
                        .gid = 5});
  }

  TEST_CASE("an empty content still makes a file") {
    OneService one;
    one.project.configs["conf"] = {.name = "shop_conf", .content = ""};
    one.web().configs = {{.source = "conf", .target = "/etc/conf"}};
    CHECK(std::get<rt::FileMount>(one.lowered().spec.mounts[0]).target.str() == "/etc/conf");
  }

  TEST_CASE("configs and secrets that cannot be had are errors") {
    OneService one;
    one.project.secrets["token"] = {.name = "shop_token", .environment = "TOKEN"};
    one.web().secrets = {{.source = "token"}};
    one.check_error(
        "service \"web\": environment variable \"TOKEN\" required by secret \"shop_token\" is not set");
    one.project.secrets["token"] = {.name = "vault", .external = true};
    one.check_error("service \"web\": unsupported external secret vault");
    one.project.secrets.clear();
    one.check_error("service \"web\": undefined secret \"token\"");
    one.project.secrets["token"] = {.name = "t", .resolved_content = "x"};
    one.web().secrets[0].uid = "root";
    one.check_error("service \"web\": secret \"token\": owner \"root\" is not a number");
  }

  TEST_CASE("owner and mode of a file of the host cannot be changed") {
    OneService one;
    one.project.secrets["key"] = {.name = "shop_key", .file = "/srv/key"};
    one.web().secrets = {{.source = "key", .uid = "1"}};
    CHECK(one.lower().warnings == Strings{"service \"web\": secret \"key\": `uid`, `gid` and `mode` have no "
                                          "effect on a file of the host, ignoring"});
  }

  TEST_CASE("volumes_from names a service or a container") {
    OneService one;
    one.add("db");
    one.web().volumes_from = {"db:ro", "container:other:rw"};
    one.web().depends_on["db"] = {};
    const auto web = one.lowered();
    CHECK(web.volumes_from ==
          std::vector<sched::VolumesFrom>{{.service = "db", .read_only = true}, {.container = "other"}});
    CHECK(web.dependencies[0].shares_namespace);
  }

  TEST_CASE("kinds that do not exist here are errors") {
    OneService one;
    one.web().volumes = {{.type = MountType::image, .source = "alpine", .target = "/i"}};
    one.check_error("service \"web\": mount at \"/i\": images cannot be mounted");
    one.web().volumes = {{.type = MountType::cluster, .target = "/c"}};
    one.check_error("service \"web\": mount at \"/c\": there are no cluster volumes on one host");
    one.web().volumes = {{.type = MountType::npipe, .target = "/n"}};
    one.check_error("service \"web\": mount at \"/n\": there are no named pipes on Linux");
  }
}
