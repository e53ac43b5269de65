#include "images/build/step_caches.hpp"

#include <array>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/file.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "images/worker.hpp"

using namespace compose;
using namespace compose::images;

namespace {

struct CacheWorld {
  base::TemporaryDirectory directory;
  base::Database database{directory.path() / "state.db"};
  LayerStore layers{database, directory.path() / "images"};
  Workspace workspace = layers.workspace();

  [[nodiscard]] static CacheWish wish(const char* sharing,
                                      std::function<void(const base::HostPath&)> fill = {}) {
    return {.sharing = cache_sharing(sharing),
            .fill = std::move(fill),
            .owner = {.uid = ::geteuid(), .gid = ::getegid()},
            .mode = 0751};
  }
  [[nodiscard]] std::uint64_t inode_of(const std::string& id) const {
    return base::sys::lstat_if_exists(layers.cache_path(id))->st_ino;
  }
  [[nodiscard]] bool is_free(const std::string& id) const {
    const auto opened = base::sys::open(layers.cache_path(id), O_RDONLY | O_DIRECTORY);
    return ::flock(opened.get(), LOCK_EX | LOCK_NB) == 0;
  }
};

}  // namespace

TEST_SUITE("images/build/step_caches") {
  TEST_CASE("a cache is made once, with what it begins with") {
    CacheWorld w;
    for (const char* content : {"first", "second"}) {
      StepCaches caches{w.layers, w.workspace};
      caches.want("id", CacheWorld::wish("shared", [&](const base::HostPath& place) {
                    base::write_file_atomically(place / "file", content);
                  }));
      caches.take();
      CHECK(caches.path("id") == w.layers.cache_path("id"));
      CHECK(base::read_file(caches.path("id") / "file") == "first");
      CHECK((base::sys::lstat_if_exists(caches.path("id"))->st_mode & 07777U) == 0751);
    }
  }

  TEST_CASE("a cache that another step makes at the same time is the one that both use") {
    CacheWorld w;
    std::uint64_t theirs = 0;
    StepCaches caches{w.layers, w.workspace};
    caches.want("id", CacheWorld::wish("locked", [&](const base::HostPath&) {
                  base::sys::make_directory(w.layers.cache_path("id"), 0755);
                  theirs = w.inode_of("id");
                }));
    caches.take();
    CHECK(w.inode_of("id") == theirs);
    CHECK_FALSE(w.is_free("id"));
  }

  TEST_CASE("a cache is locked once a step however often it is mounted, and as its strictest mount says") {
    CacheWorld w;
    {
      StepCaches caches{w.layers, w.workspace};
      for (const char* sharing : {"shared", "locked", "private"})
        caches.want("id", CacheWorld::wish(sharing));
      caches.take();
      CHECK(caches.path("id") == w.layers.cache_path("id"));
      CHECK_FALSE(w.is_free("id"));
    }
    CHECK(w.is_free("id"));
  }

  TEST_CASE("caches are taken in one order, whatever the order in which a step mounts them") {
    for (const auto& wanted : {std::vector<std::string>{"a", "b", "c"}, {"c", "a", "b"}}) {
      CacheWorld w;
      std::string order;
      StepCaches caches{w.layers, w.workspace};
      for (const auto& id : wanted)
        caches.want(id, CacheWorld::wish("locked", [&order, id](const base::HostPath&) { order += id; }));
      caches.take();
      CHECK(order == "abc");
    }
  }

  TEST_CASE("who finds a private cache in use gets another one") {
    CacheWorld w;
    StepCaches one{w.layers, w.workspace};
    one.want("id", CacheWorld::wish("private"));
    one.take();
    StepCaches two{w.layers, w.workspace};
    two.want("id", CacheWorld::wish("private"));
    two.take();
    CHECK(one.path("id") != two.path("id"));
  }

  TEST_CASE("a step that locks a cache waits for those that share it, and they for it") {
    using Sharings = std::pair<const char*, const char*>;
    for (const auto& [held, wanted] :
         {Sharings{"shared", "locked"}, {"locked", "shared"}, {"private", "shared"}}) {
      CAPTURE(held);
      CacheWorld w;
      const auto take = [&w](const char* sharing) {
        auto caches = std::make_unique<StepCaches>(w.layers, w.workspace);
        caches->want("id", CacheWorld::wish(sharing));
        caches->take();
        return caches;
      };
      std::optional<Worker> holder;
      holder.emplace([&](WorkerReport& report) {
        const auto caches = take(held);
        report.output("taken");
        ::pause();
        return std::string{};
      });
      std::string said;
      while (said != "taken") {
        wait_for_any(std::array{holder->fd()}, -1);
        REQUIRE_FALSE(holder->hear({}, [&](std::string_view bytes) { said += bytes; }));
      }
      Worker waiter{[&](WorkerReport&) {
        const auto caches = take(wanted);
        return caches->path("id") == w.layers.cache_path("id") ? std::string{"the same"}
                                                               : std::string{"another"};
      }};
      wait_for_any(std::array{waiter.fd()}, 100);
      CHECK_FALSE(waiter.hear({}));
      holder.reset();
      wait_for_any(std::array{waiter.fd()}, -1);
      CHECK(waiter.hear({}).value().text == "the same");
    }
  }

  TEST_CASE("any number of steps share a cache, and a private one stays away from it") {
    CacheWorld w;
    StepCaches one{w.layers, w.workspace};
    StepCaches two{w.layers, w.workspace};
    StepCaches apart{w.layers, w.workspace};
    for (auto* sharing : {&one, &two}) sharing->want("id", CacheWorld::wish("shared"));
    apart.want("id", CacheWorld::wish("private"));
    for (auto* caches : {&one, &two, &apart}) caches->take();
    CHECK(one.path("id") == two.path("id"));
    CHECK(apart.path("id") != one.path("id"));
  }

  TEST_CASE("directories are made inside a cache, wherever its links point") {
    const base::TemporaryDirectory cache;
    const base::TemporaryDirectory outside;
    base::sys::make_symlink("/real", cache.path() / "alias");
    base::sys::make_symlink(outside.path().str(), cache.path() / "out");
    base::sys::make_directory(cache.path() / "real", 0755);
    const auto root = base::sys::open(cache.path(), O_PATH | O_DIRECTORY);
    make_directories_inside(root.get(), "a/b/c");
    make_directories_inside(root.get(), "alias/d");
    make_directories_inside(root.get(), "a/b");
    CHECK(base::sys::exists(cache.path() / "a/b/c"));
    CHECK(base::sys::exists(cache.path() / "real/d"));
    CHECK_THROWS_WITH_AS(make_directories_inside(root.get(), "out/new"),
                         "make 'out/new' in a cache: 'out' is a link to nothing", base::Error);
    CHECK(base::list_directory(outside.path()).empty());
  }
}
