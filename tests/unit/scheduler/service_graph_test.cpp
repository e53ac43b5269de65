#include "scheduler/service_graph.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::sched;

namespace {

ServiceNode node(std::string name, std::vector<std::string> on = {}) {
  ServiceNode n{std::move(name), {}};
  for (std::string& s : on) n.dependencies.push_back({.service = std::move(s)});
  return n;
}

ObservedContainer labelled(const std::string& service, const std::string& depends_on) {
  return {.service = service, .number = 1, .labels = {{"com.docker.compose.depends_on", depends_on}}};
}

using Names = std::vector<std::string>;

}  // namespace

TEST_SUITE("scheduler/service_graph") {
  TEST_CASE("dependencies come first and what is not ordered keeps its order") {
    const auto graph = ServiceGraph::build(
        {node("web", {"api", "cache"}), node("zoo"), node("api", {"db"}), node("cache"), node("db")});
    CHECK(graph.start_order() == Names{"db", "api", "cache", "web", "zoo"});
    CHECK(graph.stop_order() == Names{"zoo", "web", "cache", "api", "db"});
  }

  TEST_CASE("a cycle is reported with the services on it") {
    CHECK_THROWS_WITH_AS((void)ServiceGraph::build({node("x", {"web"}), node("web", {"api"}),
                                                    node("api", {"db"}), node("db", {"web"})}),
                         "dependency cycle: web -> api -> db -> web", base::Error);
    CHECK_THROWS_WITH_AS((void)ServiceGraph::build({node("a", {"a"})}), "dependency cycle: a -> a",
                         base::Error);
  }

  TEST_CASE("an undefined service is an error unless it is not required") {
    CHECK_THROWS_WITH_AS((void)ServiceGraph::build({node("web", {"db"})}),
                         "service \"web\" depends on undefined service \"db\"", base::Error);
    ServiceNode optional{"web", {{.service = "db", .required = false}}};
    CHECK(ServiceGraph::build({optional}).dependencies_of("web").empty());
  }

  TEST_CASE("two services of one name are an error") {
    CHECK_THROWS_WITH_AS((void)ServiceGraph::build({node("a"), node("a")}), "service \"a\" is there twice",
                         base::Error);
  }

  TEST_CASE("selections follow dependencies, dependents, or nothing") {
    const auto graph =
        ServiceGraph::build({node("web", {"api"}), node("api", {"db"}), node("db"), node("job", {"db"})});
    const Names api{"api"};
    CHECK(graph.restricted_to(api).start_order() == Names{"db", "api"});
    CHECK(graph.with_dependents(api).stop_order() == Names{"web", "api"});
    CHECK(graph.only(api).start_order() == api);
    CHECK(graph.only(api).dependencies_of("api").empty());
    CHECK_THROWS_WITH_AS((void)graph.only(Names{"nope"}), "no such service: nope", base::Error);
  }

  TEST_CASE("dependents are known from the other side") {
    const auto graph = ServiceGraph::build({node("web", {"db"}), node("job", {"db"}), node("db")});
    const auto dependents = graph.dependents_of("db");
    CHECK(Names(dependents.begin(), dependents.end()) == Names{"web", "job"});
    CHECK(graph.edge("web", "db") != nullptr);
    CHECK(graph.edge("db", "web") == nullptr);
  }

  TEST_CASE("labels of containers give the graph where there is no file") {
    ObservedState observed;
    observed.containers = {labelled("web", "db:service_healthy:true,gone:service_started:false"),
                           labelled("db", "")};
    const auto graph = ServiceGraph::of(observed);
    CHECK(graph.start_order() == Names{"db", "web"});
    REQUIRE(graph.dependencies_of("web").size() == 1);
    CHECK(graph.dependencies_of("web")[0].condition == Condition::healthy);
    CHECK(graph.dependencies_of("web")[0].restart);
  }

  TEST_CASE("labels that contradict each other lose an edge instead of failing") {
    ObservedState observed;
    observed.containers = {labelled("a", "b:service_started:false"),
                           labelled("b", "a:service_started:false")};
    CHECK(ServiceGraph::of(observed).start_order() == Names{"b", "a"});
  }
}
