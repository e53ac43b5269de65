#include <chrono>
#include <fcntl.h>
#include <sys/xattr.h>

#include <doctest/doctest.h>

#include "base/sys_at.hpp"
#include "image_world.hpp"

using namespace compose;
using test::ImageWorld;

namespace {

// Of images whose base sets none.
constexpr const char* k_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace

TEST_SUITE("images/build") {
  TEST_CASE("an image from scratch has the files and the configuration of its Dockerfile") {
    ImageWorld w;
    w.write("silo", "binary", 0755);
    const auto result = w.build(
        "FROM scratch\n"
        "COPY silo /silo\n"
        "ENV A=1 B=\"two words\"\n"
        "LABEL role=silo com.docker.compose.project=theirs\n"
        "EXPOSE 8080 9000-9001/udp\n"
        "VOLUME /data\n"
        "STOPSIGNAL SIGINT\n"
        "USER 1000:1000\n"
        "HEALTHCHECK --interval=2s --retries=5 CMD [\"/silo\", \"health\"]\n"
        "ENTRYPOINT [\"/silo\"]\n"
        "CMD [\"--help\"]\n");
    CHECK(result.steps == 1);
    const auto image = w.store.require("test");
    CHECK(image.id == result.image_id);
    CHECK(image.references == std::vector<std::string>{"test:latest"});
    CHECK(image.config.environment == std::vector<std::string>{k_path, "A=1", "B=two words"});
    CHECK(image.config.labels == std::map<std::string, std::string>{{"role", "silo"}});
    CHECK(image.config.exposed_ports == std::vector<std::string>{"8080/tcp", "9000/udp", "9001/udp"});
    CHECK(image.config.volumes == std::vector<std::string>{"/data"});
    CHECK(image.config.stop_signal == "SIGINT");
    CHECK(image.config.user == "1000:1000");
    CHECK(image.config.health->test == std::vector<std::string>{"CMD", "/silo", "health"});
    CHECK(image.config.health->interval == 2'000'000'000);
    CHECK(image.config.health->retries == 5);
    CHECK(image.config.entrypoint == std::vector<std::string>{"/silo"});
    CHECK(image.config.command == std::vector<std::string>{"--help"});
    REQUIRE(image.layers.size() == 1);
    CHECK(w.content("/silo") == "binary");
    CHECK(w.facts("/silo") == "0755 0:0");
    CHECK(w.log == "#1 [1/1] COPY silo /silo\n#1 DONE\n");
  }

  TEST_CASE("an unchanged build runs nothing and gives the same image") {
    ImageWorld w;
    w.write("a", "1");
    const std::string dockerfile = "FROM scratch\nCOPY a /a\nRUN make\nCMD [\"x\"]\n";
    w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
      base::write_file_atomically(spec.upper / "made", "by make");
      return base::ExitStatus{};
    };
    const auto first = w.build(dockerfile);
    const auto second = w.build(dockerfile);
    CHECK(second.image_id == first.image_id);
    CHECK(second.cached == 2);
    CHECK(w.runner.runs() == 1);
    CHECK(w.log == "#1 [1/2] COPY a /a\n#1 CACHED\n\n#2 [2/2] RUN make\n#2 CACHED\n");
    CHECK(w.content("/made") == "by make");
    SUBCASE("touching a file without changing it changes nothing") {
      w.write("a", "1");
      CHECK(w.build(dockerfile).image_id == first.image_id);
    }
    SUBCASE("changing a file makes its step and those after it run again") {
      w.write("a", "2");
      CHECK(w.build(dockerfile).cached == 0);
      CHECK(w.runner.runs() == 2);
      CHECK(w.content("/a") == "2");
    }
    SUBCASE("no_cache runs everything") {
      auto request = w.request(dockerfile);
      request.no_cache = true;
      CHECK(w.build(request).cached == 0);
      CHECK(w.runner.runs() == 2);
    }
  }

  TEST_CASE("only the stages that the target needs are built") {
    ImageWorld w;
    w.write("a", "1");
    w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
      base::write_file_atomically(spec.upper / "out", spec.argv.back());
      return base::ExitStatus{};
    };
    const std::string dockerfile =
        "FROM scratch AS build\nRUN make build\nFROM scratch AS unused\nRUN make unused\n"
        "FROM scratch\nCOPY --from=build /out /app/out\n";
    w.build(dockerfile);
    CHECK(w.runner.runs() == 1);
    CHECK(w.content("/app/out") == "make build");
    CHECK(w.content("/out") == "-");
    CHECK(w.log ==
          "#1 [build 1/1] RUN make build\n#1 [build 1/1] DONE\n\n#2 [2 1/1] COPY --from=build /out /app/out\n"
          "#2 [2 1/1] DONE\n");
  }

  TEST_CASE("stages that need nothing of each other are built at the same time") {
    ImageWorld w;
    w.runner.function = [&](const images::StepSpec& spec, const images::StepOutput&) {
      // Each waits for the other: one after the other they would wait in vain.
      const auto mine = spec.argv.back();
      const std::string other = mine == "one" ? "two" : "one";
      w.runner.note(mine, "");
      for (int i = 0; i < 1000 && w.runner.noted(other) == "-"; ++i) ::usleep(10'000);
      base::write_file_atomically(spec.upper / mine, w.runner.noted(other) == "-" ? "alone" : "together");
      return base::ExitStatus{};
    };
    w.build(
        "FROM scratch AS a\nRUN one\nFROM scratch AS b\nRUN two\n"
        "FROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\n");
    CHECK(w.content("/one") == "together");
    CHECK(w.content("/two") == "together");
  }

  TEST_CASE("images that are asked for together share steps, and one can begin with another") {
    ImageWorld w;
    auto top = w.request("FROM lower\nRUN top\nCOPY --from=beside / /\n");
    top.name = "top";
    top.tags = {"top"};
    top.named_contexts = {{"beside", "service:side"}};
    auto lower = w.request("FROM scratch\nRUN common\n");
    lower.name = "low";
    lower.tags = {"lower"};
    auto side = w.request("FROM scratch\nRUN common\nRUN own\n");
    side.name = "side";
    side.tags = {"side"};
    w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
      base::write_file_atomically(spec.upper / spec.argv.back(), "1");
      return base::ExitStatus{};
    };
    const auto results = w.build_all({top, lower, side});
    CHECK(w.runner.runs() == 3);
    CHECK(results[1].cached + results[2].cached == 1);
    for (const char* name : {"/common", "/own", "/top"}) CHECK(w.content(name, "top") == "1");
    lower.named_contexts = {{"upper", "service:top"}};
    lower.dockerfile_inline = "FROM upper\n";
    CHECK_THROWS_WITH_AS(w.build_all({top, lower, side}),
                         "each waits for the image of the next: top -> low -> top", images::BuildError);
  }

  TEST_CASE("a step that fails stops the others") {
    ImageWorld w;
    w.runner.function = [&](const images::StepSpec& spec, const images::StepOutput&) {
      if (spec.argv.back() == "slow") {
        w.runner.note("slow-began", "");
        ::sleep(600);
      }
      for (int i = 0; i < 1000 && w.runner.noted("slow-began") == "-"; ++i) ::usleep(10'000);
      return base::ExitStatus{.code = 3};
    };
    CHECK(w.error_of("FROM scratch AS a\nRUN slow\nFROM scratch\nRUN bad\nCOPY --from=a / /\n") ==
          "dockerfile_inline:4: '/bin/sh -c bad' exited with status 3");
    CHECK(w.log.find("#1 [a 1/1] CANCELED\n") != std::string::npos);
    CHECK(base::list_directory(w.directory.path() / "images/tmp").empty());
  }

  TEST_CASE("a stage can build on an image of the store, whose layers stay below") {
    ImageWorld w;
    w.write("one", "1");
    w.write("two", "2");
    auto base_request = w.request("FROM scratch\nCOPY one /dir/one\nENV A=base\nCMD [\"base\"]\n");
    base_request.tags = {"base:1"};
    w.build(base_request);
    w.build("ARG VERSION=1\nFROM base:${VERSION}\nCOPY two $A/\nENTRYPOINT [\"e\"]\n");
    const auto image = w.store.require("test");
    CHECK(image.layers.size() == 2);
    CHECK(w.content("/dir/one") == "1");
    CHECK(w.content("/base/two") == "2");
    CHECK(image.config.command.empty());
  }

  TEST_CASE("what is copied over many layers finds the directories and links of the lowest") {
    ImageWorld w;
    w.write("tree/real/kept", "k");
    base::sys::make_symlink("real", w.context() / "tree/link");
    w.write("one", "1");
    std::string dockerfile = "FROM scratch\nCOPY tree /\n";
    for (int i = 0; i < 90; ++i) dockerfile += base::text("COPY one /n{}\n", i);
    w.build(dockerfile + "COPY one /link/copied\nWORKDIR /link/made\n");
    CHECK(w.content("/real/copied") == "1");
    CHECK(w.facts("/real/made") == "0755 0:0");
  }

  TEST_CASE("a directory that exists below keeps its owner and mode when something is copied into it") {
    ImageWorld w;
    w.write("f", "1");
    w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
      base::sys::make_directory(spec.upper / "tmp");
      ::chown((spec.upper / "tmp").c_str(), 5, 6);
      ::chmod((spec.upper / "tmp").c_str(), 01777);
      base::sys::make_symlink("tmp", spec.upper / "link");
      return base::ExitStatus{};
    };
    w.build("FROM scratch\nRUN x\nCOPY f /link/sub/\n");
    CHECK(w.facts("/tmp") == "1777 5:6");
    CHECK(w.content("/tmp/sub/f") == "1");
    CHECK(w.facts("/tmp/sub") == "0755 0:0");
  }

  TEST_CASE(
      "a directory inside of what is copied gets the source's owner and mode, also where there is one") {
    ImageWorld w;
    w.write("tree/in/f", "1");
    ::chmod((w.context() / "tree/in").c_str(), 0711);
    w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
      base::sys::make_directories(spec.upper / "d/in");
      for (const char* path : {"d", "d/in"}) ::chmod((spec.upper / path).c_str(), 01777);
      base::write_file_atomically(spec.upper / "d/in/old", "old");
      return base::ExitStatus{};
    };
    w.build("FROM scratch\nRUN x\nCOPY --chown=5:6 tree /d\n");
    CHECK(w.facts("/d") == "1777 0:0");
    CHECK(w.facts("/d/in") == "0711 5:6");
    CHECK(w.content("/d/in/old") == "old");
  }

  TEST_CASE("COPY takes wildcards, directories, owners and modes") {
    ImageWorld w;
    w.write("src/a.c", "a");
    w.write("src/b.c", "b");
    w.write("src/sub/c.c", "c", 0600);
    w.write("bin/run", "r", 0755);
    w.build(
        "FROM scratch\nCOPY src/*.c /c/\nCOPY --chown=7:8 --chmod=0640 src /all\nCOPY bin/run src/a.c "
        "/both/\n");
    CHECK(w.content("/c/a.c") == "a");
    CHECK(w.content("/c/b.c") == "b");
    CHECK(w.content("/c/c.c") == "-");
    CHECK(w.facts("/all/sub/c.c") == "0640 7:8");
    CHECK(w.facts("/both/run") == "0755 0:0");
  }

  TEST_CASE(".dockerignore hides files, and '!' shows them again") {
    ImageWorld w;
    w.write(".dockerignore", "# comment\n**/*.log\nnode_modules\n!node_modules/keep\n");
    w.write("a.txt", "1");
    w.write("x.log", "1");
    w.write("deep/er/y.log", "1");
    w.write("node_modules/drop", "1");
    w.write("node_modules/keep", "1");
    w.build("FROM scratch\nCOPY . /\n");
    CHECK(w.content("/a.txt") == "1");
    CHECK(w.content("/x.log") == "-");
    CHECK(w.content("/deep/er/y.log") == "-");
    CHECK(w.content("/node_modules/drop") == "-");
    CHECK(w.content("/node_modules/keep") == "1");
  }

  TEST_CASE("a link in the context stays a link in the image") {
    ImageWorld w;
    base::sys::make_directory(w.context() / "d");
    base::sys::make_symlink("/etc/passwd", w.context() / "d/passwd");
    w.build("FROM scratch\nCOPY d /d\n");
    const auto root = w.view();
    CHECK(S_ISLNK(root.stat("d/passwd")->st_mode));
    CHECK(w.content("/d/passwd") == "-");
  }

  TEST_CASE("a failed step names its line and shows the end of its output") {
    ImageWorld w;
    w.runner.function = [](const images::StepSpec&, const images::StepOutput& output) {
      output("compiling\nno rule to ");
      output("make\n");
      return base::ExitStatus{.code = 2};
    };
    CHECK(w.error_of("FROM scratch\n\nRUN make all\n") ==
          "dockerfile_inline:3: '/bin/sh -c make all' exited with status 2\ncompiling\nno rule to make");
    CHECK_FALSE(w.store.resolve("test").has_value());
    CHECK(base::list_directory(w.directory.path() / "images/tmp").empty());
  }

  TEST_CASE("RUN sees build arguments, environment, user, directory and heredocs") {
    ImageWorld w;
    w.runner.function = [&](const images::StepSpec& spec, const images::StepOutput&) {
      w.runner.note("argv", base::join(spec.argv, "|"));
      w.runner.note("environment", base::join(spec.environment, "|"));
      w.runner.note("place", spec.user + " " + spec.directory);
      w.runner.note("network", spec.network == images::StepNetwork::none ? "none" : "another");
      w.runner.note("mounts", base::text("{} {} {}", spec.mounts.size(),
                                         std::get<images::StepTmpfs>(spec.mounts.at(0)).size,
                                         std::get<images::StepFile>(spec.mounts.at(1)).target.str()));
      return base::ExitStatus{};
    };
    auto request = w.request(
        "FROM scratch\nARG WHO=nobody\nARG OTHER\nENV GREETING=hello\nUSER 5\nWORKDIR /work\n"
        "RUN --network=none --mount=type=tmpfs,target=/t,size=1m --mount=type=secret,id=key <<EOF\necho "
        "one\necho two\nEOF\n");
    request.arguments = {{"WHO", "me"}};
    request.secrets = {{.id = "key", .content = "s3cret"}};
    w.build(request);
    CHECK(w.runner.noted("argv") == "/bin/sh|-c|echo one\necho two\n");
    CHECK(w.runner.noted("environment") ==
          "WHO=me|PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|GREETING=hello");
    CHECK(w.runner.noted("place") == "5 /work");
    CHECK(w.runner.noted("network") == "none");
    CHECK(w.runner.noted("mounts") == "2 1048576 /run/secrets/key");
    CHECK(w.store.config_json("test").find("s3cret") == std::string::npos);
  }

  TEST_CASE("mount points that a step leaves empty are not part of the image") {
    ImageWorld w;
    w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
      for (const char* name : {"proc", "sys", "dev", "etc", "kept"})
        base::sys::make_directory(spec.upper / name);
      base::write_file_atomically(spec.upper / "etc/hosts", "");
      return base::ExitStatus{};
    };
    w.build("FROM scratch\nRUN x\n");
    CHECK(w.facts("/proc") == "-");
    CHECK(w.facts("/etc") == "-");
    CHECK(w.facts("/kept") == "0755 0:0");
  }

  TEST_CASE("ONBUILD runs in the image that builds on it, once") {
    ImageWorld w;
    w.write("f", "1");
    auto base_request = w.request("FROM scratch\nONBUILD COPY f /from-trigger\nONBUILD ENV T=1\n");
    base_request.tags = {"base"};
    w.build(base_request);
    w.build("FROM base\n");
    CHECK(w.content("/from-trigger") == "1");
    CHECK(w.store.require("test").config.environment == std::vector<std::string>{k_path, "T=1"});
    CHECK(w.store.require("test").config.on_build.empty());
  }

  TEST_CASE("attributes that a layer keeps count for the cache") {
    ImageWorld w;
    w.write("dir/program", "1", 0755);
    const auto attribute = [&](const char* path, char capability) {
      // struct vfs_cap_data, revision 2 with the effective flag
      const std::string value = std::string{"\1\0\0\2\0", 5} + capability + std::string(14, '\0');
      REQUIRE(::setxattr((w.context() / path).c_str(), "security.capability", value.data(), value.size(),
                         0) == 0);
    };
    const std::string dockerfile = "FROM scratch\nCOPY dir /dir\n";
    w.build(dockerfile);
    CHECK(w.build(dockerfile).cached == 1);
    for (const char* path : {"dir/program", "dir"}) {
      for (const char capability : {'\4', '\10'}) {
        attribute(path, capability);
        CHECK(w.build(dockerfile).cached == 0);
        CHECK(w.build(dockerfile).cached == 1);
      }
    }
    const auto copy = w.view().open("dir/program", O_RDONLY);
    CHECK(base::sys::extended_attribute(copy.get(), "security.capability")->at(5) == '\10');
  }

  TEST_CASE("ONBUILD can take from a stage that nothing else needs") {
    ImageWorld w;
    w.write("f", "1");
    auto base_request = w.request("FROM scratch\nONBUILD COPY --from=builder /x /x\n");
    base_request.tags = {"base"};
    w.build(base_request);
    w.build(
        "FROM scratch AS first\nCOPY f /f\nFROM scratch AS builder\nCOPY --from=first /f /x\nFROM base\n");
    CHECK(w.content("/x") == "1");
    CHECK(w.error_of("FROM base\n") ==
          "dockerfile_inline:1: ONBUILD COPY --from=builder /x /x: image 'builder' is not present locally: "
          "pull, build or load it");
  }

  TEST_CASE("images that wait for each other because of ONBUILD are refused") {
    ImageWorld w;
    auto base_request = w.request("FROM scratch\nONBUILD COPY --from=upper / /\n");
    base_request.tags = {"base"};
    w.build(base_request);
    auto low = w.request("FROM base\n");
    low.name = low.tags.front() = "low";
    auto upper = w.request("FROM low\n");
    upper.name = upper.tags.front() = "upper";
    CHECK_THROWS_WITH_AS(w.build_all({low, upper}),
                         "each waits for the image of the next: low -> upper -> low", images::BuildError);
  }

  TEST_CASE("what cannot be built says so with its line") {
    ImageWorld w;
    w.write("f", "1");
    CHECK(w.error_of("FROM scratch\nCOPY missing /x\n") ==
          "dockerfile_inline:2: 'missing' is not in the build context");
    CHECK(w.error_of("FROM nginx:1.27\n") ==
          "dockerfile_inline:1: image 'nginx:1.27' is not present locally: pull, build or load it");
    CHECK(w.error_of("FROM scratch\nCOPY --chown=app f /x\n") ==
          "dockerfile_inline:2: user 'app' is not in /etc/passwd");
    CHECK(w.error_of("FROM scratch\nCOPY *.none /x\n") == "no error");  // as ever; it is a warning
    CHECK(w.error_of("FROM 0\n") ==
          "dockerfile_inline:1: image '0' is not present locally: pull, build or load it");
    CHECK(w.error_of("FROM --platform=$NONE scratch\n") ==
          "dockerfile_inline:1: FROM --platform=$NONE is empty after its variables are replaced");
    CHECK(w.error_of("FROM --platform=linux/s390x scratch\n")
              .starts_with("dockerfile_inline:1: FROM --platform=linux/s390x: only "));
    CHECK(w.error_of("FROM scratch\nCOPY ../../../etc/passwd /x\n") ==
          "dockerfile_inline:2: '../../../etc/passwd' is not in the build context");
  }

  TEST_CASE("removing the last name removes the image and its layers") {
    ImageWorld w;
    w.write("f", "content");
    w.build("FROM scratch\nCOPY f /f\n");
    w.store.tag("test", "other:2");
    const auto id = w.store.require("test").id;
    CHECK(w.store.remove("test", {}).untagged == std::vector<std::string>{"test:latest"});
    CHECK(w.store.require("other:2").id == id);
    CHECK(w.store.resolve(id.substr(7, 12))->id == id);
    CHECK_THROWS_WITH_AS(
        w.store.remove("other:2", {id}),
        "cannot remove image 'other:2': containers are made from it (force takes its name away)",
        base::Error);
    const auto removed = w.store.remove("other:2", {});
    CHECK(removed.deleted == std::vector<std::string>{id});  // the build cache still has the layer
    CHECK(w.store.prune_build_cache() == 7);
    CHECK(base::list_directory(w.directory.path() / "images/layers").empty());
  }
}
