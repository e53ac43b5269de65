// Which containers come and go when the number of replicas changes: stories, and a property over random
// states.
#include <algorithm>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "support/fake_world.hpp"
#include "support/plan_story.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

namespace {

DesiredState silos(std::uint32_t replicas) {
  DesiredState desired = project();
  add_service(desired, "silo", replicas);
  return desired;
}

std::set<int> numbers(const FakeWorld& world) {
  std::set<int> all;
  for (const ObservedContainer& c : world.observed().containers) all.insert(c.number);
  return all;
}

}  // namespace

TEST_SUITE("scheduler/scale") {
  TEST_CASE("scaling up goes on after the highest number") {
    FakeWorld world;
    DesiredState desired = silos(3);
    world.settle(desired);
    world.container("shop-silo-3").number = 5;
    world.container("shop-silo-3").name = "shop-silo-5";
    find_service(desired, "silo").replicas = 5;
    check_plan("scale_up", reconcile(desired, world.observed()));
    CHECK(world.up(desired).ok());
    CHECK(numbers(world) == std::set<int>{1, 2, 5, 6, 7});
  }

  TEST_CASE("scaling up from one to fifteen is one batch of creations and one of starts") {
    FakeWorld world;
    DesiredState desired = silos(1);
    world.settle(desired);
    find_service(desired, "silo").replicas = 15;
    CHECK(world.up(desired).ok());
    REQUIRE(world.calls.size() == 2);
    CHECK(std::ranges::count(world.calls[0], ' ') == 14);
    CHECK(std::ranges::count(world.calls[1], ' ') == 14);
  }

  TEST_CASE("scaling down removes the highest numbers") {
    FakeWorld world;
    DesiredState desired = silos(4);
    world.settle(desired);
    find_service(desired, "silo").replicas = 2;
    check_plan("scale_down", reconcile(desired, world.observed()));
    CHECK(world.up(desired).ok());
    CHECK(numbers(world) == std::set<int>{1, 2});
  }

  TEST_CASE("scaling down removes obsolete containers before others") {
    FakeWorld world;
    DesiredState desired = silos(4);
    world.settle(desired);
    world.container("shop-silo-1").config_hash = "old";
    find_service(desired, "silo").replicas = 2;
    check_plan("scale_down_obsolete", reconcile(desired, world.observed()));
    CHECK(world.up(desired).ok());
    CHECK(numbers(world) == std::set<int>{2, 3});
  }

  TEST_CASE("scaling to zero removes all and leaves the service") {
    FakeWorld world;
    DesiredState desired = silos(2);
    world.settle(desired);
    world.status_of("shop-silo-2").state = rt::ContainerState::exited;
    find_service(desired, "silo").replicas = 0;
    check_plan("scale_zero", reconcile(desired, world.observed()));
    CHECK(world.up(desired).ok());
    CHECK(reconcile(desired, world.observed()).empty());
  }

  TEST_CASE("for any state: the right ones stay, numbers are not reused, and a second run does nothing") {
    std::mt19937 random{20240607};
    const auto pick = [&](int most) { return std::uniform_int_distribution{0, most}(random); };
    for (int round = 0; round < 500; ++round) {
      CAPTURE(round);
      FakeWorld world;
      DesiredState desired = silos(static_cast<std::uint32_t>(pick(8)));
      world.settle(desired);
      std::set<int> obsolete;
      std::set<int> fresh;
      int shift = 0;
      for (int n = 1; n <= static_cast<int>(desired.services[0].replicas); ++n) {
        ObservedContainer& c = world.container(base::text("shop-silo-{}", n));
        shift += pick(2);
        c.number = 100 + n + shift;
        if (pick(2) == 0) c.config_hash = "old";
        if (pick(3) == 0) c.status.state = rt::ContainerState::exited;
        (c.config_hash == "old" ? obsolete : fresh).insert(c.number);
      }
      for (const int number : numbers(world)) {
        for (ObservedContainer c : world.observed().containers)
          if (c.number == number) world.container(c.name).name = base::text("shop-silo-{}", number);
      }
      const int wanted = pick(10);
      find_service(desired, "silo").replicas = static_cast<std::uint32_t>(wanted);

      std::set<int> expected;
      for (const auto* group : {&fresh, &obsolete})
        for (const int n : *group)
          if (static_cast<int>(expected.size()) < wanted) expected.insert(n);
      int highest = std::max(fresh.empty() ? 0 : *fresh.rbegin(), obsolete.empty() ? 0 : *obsolete.rbegin());
      while (static_cast<int>(expected.size()) < wanted) expected.insert(++highest);

      CHECK(world.up(desired).ok());
      CHECK(numbers(world) == expected);
      for (const ObservedContainer& c : world.observed().containers) {
        CHECK(c.config_hash == "c1");
        CHECK(c.name == base::text("shop-silo-{}", c.number));
        CHECK(c.status.state == rt::ContainerState::running);
      }
      CHECK(reconcile(desired, world.observed()).empty());
    }
  }
}
