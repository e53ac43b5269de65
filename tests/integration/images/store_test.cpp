#include "images/store.hpp"

#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <sys/wait.h>

#include <doctest/doctest.h>

#include "image_world.hpp"
#include "images/transfer.hpp"

using namespace compose;
using test::ImageWorld;

namespace {

const std::string k_dockerfile = "FROM scratch\nCOPY . /\nRUN x\n";

void prepare(ImageWorld& w) {
  for (int i = 0; i < 20; ++i) w.write("f" + std::to_string(i), std::string(10'000, 'x'));
  w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
    base::write_file_atomically(spec.upper / "made", "by x");
    return base::ExitStatus{};
  };
}

std::vector<std::string> names(const ImageWorld& w, const char* directory) {
  return base::list_directory(w.directory.path() / "images" / directory);
}

// As if the machine had gone down since: the layers belong to a boot that has ended.
void lose_power(ImageWorld& w) {
  w.database.run("UPDATE layers SET boot = 'another boot'");
}

}  // namespace

TEST_SUITE("images/store") {
  TEST_CASE("what a crash left is swept by the next writer, and what is needed stays") {
    ImageWorld w;
    prepare(w);
    w.build(k_dockerfile);
    const auto images_directory = w.directory.path() / "images";
    base::sys::make_directories(images_directory / "tmp/abc/upper");
    base::sys::make_directory(images_directory / "layers/00112233");
    base::write_file_atomically(images_directory / "blobs/sha256/00", "rubbish");
    w.database.run("INSERT INTO layers (diff_id, size, tar_size, blob, blob_size) VALUES (?, 1, 1, '', 0)",
                   {"sha256:" + std::string(64, '1')});
    w.build(k_dockerfile);
    CHECK(names(w, "tmp").empty());
    CHECK(names(w, "layers").size() == 2);
    CHECK(names(w, "blobs/sha256").empty());
    CHECK(w.content("/made") == "by x");
  }

  TEST_CASE("a build that is killed at any instant leaves a store in which the next one succeeds") {
    ImageWorld w;
    prepare(w);
    for (int round = 0; round < 15; ++round) {
      w.write("changes", std::to_string(round));
      const pid_t child = ::fork();
      if (child == 0) {
        base::Database database{w.directory.path() / "state.db"};
        images::Store store{database, w.directory.path() / "images"};
        images::SilentBuildProgress progress;
        for (;;) {
          auto request = w.request(k_dockerfile);
          request.no_cache = true;
          images::build_images({.store = store, .runner = w.runner, .progress = progress}, {request});
        }
      }
      const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000L * (round * 3 + 1)};
      ::nanosleep(&pause, nullptr);
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      w.build(k_dockerfile);
      CHECK(w.content("/changes") == std::to_string(round));
      CHECK(w.content("/made") == "by x");
      // A worker of the killed build may have written into what was being swept; the next writer sweeps
      // again.
      for (int i = 0; i < 500 && !names(w, "tmp").empty(); ++i) {
        ::usleep(10'000);
        const auto lease = w.store.layers().lease();
      }
      CHECK(names(w, "tmp").empty());
    }
  }

  TEST_CASE("after a power failure intact layers are used and lost ones are named, and can be built again") {
    ImageWorld w;
    prepare(w);
    const auto id = w.build(k_dockerfile).image_id;
    lose_power(w);
    CHECK(w.store.require("test").id == id);
    const auto top = w.store.require("test").layers.front();
    lose_power(w);
    base::write_file_atomically(top / "made", "");  // what a file looks like that never reached the disk
    std::string message;
    try {
      (void)w.store.resolve("test");
    } catch (const base::Error& e) {
      message = e.what();
    }
    CHECK(message.starts_with("image " + id + ": layer sha256:"));
    CHECK(message.ends_with(" was lost when the machine went down: build or load the image again"));
    w.build(k_dockerfile);
    CHECK(w.content("/made") == "by x");
    CHECK(names(w, "tmp").empty());
  }

  TEST_CASE("after a power failure a lost layer is unpacked again from its blob") {
    ImageWorld w;
    prepare(w);
    w.build(k_dockerfile);
    const auto saved = w.directory.path() / "saved.tar";
    images::save_archive(w.store, {"test"}, base::sys::open(saved, O_WRONLY | O_CREAT, 0600).get());
    ImageWorld other;
    images::load_archive(other.store, base::sys::open(saved, O_RDONLY).get(), "saved.tar");
    lose_power(other);
    base::write_file_atomically(other.directory.path() / "images/layers" / names(other, "layers")[0] / "made",
                                "");
    CHECK(other.content("/made") == "by x");
    CHECK(names(other, "tmp").empty());
  }

  TEST_CASE("an image is found by name, id and unique prefix") {
    ImageWorld w;
    prepare(w);
    const auto id = w.build(k_dockerfile).image_id;
    for (const auto& spelling : {std::string{"test"}, std::string{"docker.io/library/test:latest"}, id,
                                 id.substr(7), id.substr(7, 4)})
      CHECK_MESSAGE(w.store.resolve(spelling).has_value(), spelling);
    CHECK_FALSE(w.store.resolve("test:2").has_value());
    CHECK_FALSE(w.store.resolve("sha256:" + std::string(64, 'f')).has_value());
    CHECK_THROWS_WITH_AS(w.store.tag("nothing", "x"), "no such image: nothing", base::Error);
    CHECK_THROWS_WITH_AS(static_cast<void>(w.store.require("redis:7")),
                         "image 'redis:7' is not present locally: pull, build or load it", base::Error);
  }

  TEST_CASE("lists, history and disk usage tell what is there") {
    ImageWorld w;
    prepare(w);
    w.build(k_dockerfile);
    w.store.tag("test", "localhost:5000/a/b:2");
    const auto list = w.store.list();
    REQUIRE(list.size() == 2);
    CHECK(list[0].repository == "test");
    CHECK(list[1].repository == "localhost:5000/a/b");
    CHECK(list[1].tag == "2");
    CHECK(list[0].size == 200'004);
    const auto history = w.store.history("test");
    REQUIRE(history.size() == 2);
    CHECK(history[0].created_by == "RUN x");
    const auto usage = w.store.disk_usage({});
    CHECK(usage.images == 1);
    CHECK(usage.image_bytes == 200'004);
    CHECK(usage.reclaimable_bytes == 200'004);
    CHECK(usage.cache_entries == 2);
    CHECK(w.store.disk_usage({list[0].id}).reclaimable_bytes == 0);
    w.write("f0", "changed");
    w.build(k_dockerfile);
    CHECK(w.store.prune(images::PruneScope::dangling, {}).deleted.empty());  // the other name holds it
    w.store.remove("localhost:5000/a/b:2", {});
    CHECK(w.store.list().size() == 1);
  }
}
