#include "compose/lower/host_cpus.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using lower::check_host_cpus;

namespace {

model::Project project_of(const model::Service& service) {
  model::Project project;
  project.services["web"] = service;
  return project;
}

}  // namespace

TEST_SUITE("compose/lower/host_cpus") {
  TEST_CASE("a list of CPUs is numbers and ranges") {
    CHECK(lower::cpu_numbers("0-3,8") == std::vector<unsigned>{0, 1, 2, 3, 8});
    CHECK(lower::cpu_numbers("0").size() == 1);
    CHECK(lower::cpu_numbers("").empty());
    CHECK(lower::cpu_numbers("0-").empty());
  }

  TEST_CASE("more CPUs than there are") {
    model::Service service{.name = "web", .cpus = 2.5};
    CHECK_THROWS_WITH(check_host_cpus(project_of(service), "0-1"),
                      "service \"web\": 'cpus' is 2.5, this host has 2 CPUs");
    CHECK_NOTHROW(check_host_cpus(project_of(service), "0-3"));
    CHECK_NOTHROW(check_host_cpus(project_of(service), ""));
    service = {.name = "web", .deploy = model::Deploy{}};
    service.deploy->resources.limits = model::ResourceLimits{.cpus = 64};
    CHECK_THROWS_WITH(check_host_cpus(project_of(service), "0"),
                      "service \"web\": 'deploy.resources.limits.cpus' is 64, this host has 1 CPU");
  }

  TEST_CASE("CPUs that are not there") {
    const model::Service service{.name = "web", .cpuset = "1,4-5"};
    CHECK_THROWS_WITH(check_host_cpus(project_of(service), "0-3,5"),
                      "service \"web\": 'cpuset' is \"1,4-5\", this host has the CPUs 0-3,5");
    CHECK_NOTHROW(check_host_cpus(project_of(service), "1,4,5"));
  }
}
