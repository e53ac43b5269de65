#include "compose/adapters/project_lock.hpp"

#include <poll.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/text.hpp"

using namespace compose;
using namespace compose::adapters;

namespace {

struct Roots {
  base::TemporaryDirectory directory;
  Paths paths{.data_root = directory.path(), .run_root = directory.path()};
  std::vector<std::string> said;

  LockWish wish(const std::string& project, const std::string& verb, OnHolder on_holder = OnHolder::wait) {
    return {.project = project, .verb = verb, .on_holder = on_holder, .say = [this](const std::string& text) {
              said.push_back(text);
            }};
  }
  // What somebody says who looks at once, and once more after a while.
  void look_twice(const LockWish& wish) {
    LockWait wait{paths, wish};
    look_twice(wait);
  }
  void look_twice(LockWait& wait) const {
    wait.look();
    CHECK(said.empty());
    CHECK(::poll(nullptr, 0, static_cast<int>(LockWait::k_every.count())) == 0);
    wait.look();
    wait.look();
  }
};

}  // namespace

TEST_SUITE("adapters/project_lock") {
  TEST_CASE("a project lock is taken without a word when it is free, and tells who holds it") {
    Roots roots;
    const ProjectLock lock{roots.paths, roots.wish("shop", "up")};
    CHECK_FALSE(base::LockFile::try_acquire(roots.paths.locks() / "shop"));
    CHECK_FALSE(ProjectLock::try_take(roots.paths, roots.wish("shop", "down")));
    CHECK(base::LockFile::note_of_holder(roots.paths.locks() / "shop") ==
          base::text("\"compose up\" (pid {})", ::getpid()));
    const ProjectLock other{roots.paths, roots.wish("blog", "up")};
    CHECK(roots.said.empty());
  }

  TEST_CASE(
      "a project lock tells whether the one before was settled, and settling frees it for all who hold it") {
    Roots roots;
    const auto take = [&] { return ProjectLock{roots.paths, roots.wish("shop", "up")}; };
    {
      const auto first = take();
      CHECK(first.is_first());
      CHECK_FALSE(first.follows_unsettled());
    }
    auto second = take();
    CHECK(second.follows_unsettled());
    const base::UniqueFd also_held = base::sys::duplicate(second.fd());
    second.settle();
    auto third = take();
    CHECK_FALSE(third.follows_unsettled());
    third.settle_and_remove();
    CHECK(base::list_directory(roots.paths.locks()).empty());
  }

  TEST_CASE("who waits says once for whom, and after a while only") {
    Roots roots;
    auto holder = ProjectLock{roots.paths, roots.wish("shop", "stop")};
    SUBCASE("and the holder hears nothing of it") {
      roots.look_twice(roots.wish("shop", "up"));
      CHECK(roots.said ==
            std::vector{base::text(R"(waiting for "compose stop" (pid {}) on project "shop")", ::getpid())});
      CHECK_FALSE(holder.requests().take());
    }
    SUBCASE("and the holder is asked once where it is to end") {
      LockWait wait{roots.paths, roots.wish("shop", "down", OnHolder::end_it)};
      roots.look_twice(wait);
      CHECK(roots.said ==
            std::vector{base::text(R"(waiting for the end of "compose stop" (pid {}) on project "shop")",
                                   ::getpid())});
      CHECK(holder.requests().take() == base::text(R"("compose down" (pid {}))", ::getpid()));
      CHECK_FALSE(holder.requests().take());
    }
  }

  TEST_CASE("what a killed holder had begun is waited for") {
    Roots roots;
    auto holder = base::LockFile::acquire(roots.paths.locks() / "shop");
    holder.set_note("\"compose up\" (pid 1)");
    roots.look_twice(roots.wish("shop", "down", OnHolder::end_it));
    CHECK(roots.said ==
          std::vector<std::string>{R"(waiting for what "compose up" (pid 1) had begun on project "shop")"});
  }

  TEST_CASE("the next holder is asked as well") {
    Roots roots;
    LockWait wait{roots.paths, roots.wish("shop", "down", OnHolder::end_it)};
    for (int round = 0; round < 2; ++round) {
      auto holder = ProjectLock{roots.paths, roots.wish("shop", "up")};
      wait.look();
      CHECK(holder.requests().take());
      holder.settle();
    }
  }
}
