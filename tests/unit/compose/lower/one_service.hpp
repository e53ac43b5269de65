#pragma once
// A project with one service "web" on the default network, to be changed by a test and lowered.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "compose/lower/lower_project.hpp"

namespace compose::test {

struct OneService {
  model::Project project;
  std::map<std::string, lower::ImageFacts> images;
  lower::Hashes hashes{.service = [](const model::Service& s) { return "hash of " + s.name; },
                       .network = [](const model::Network& n) { return "hash of " + n.name; },
                       .volume = [](const model::Volume& v) { return "hash of " + v.name; }};
  std::map<std::string, std::uint32_t> scale;

  OneService() {
    project.name = "shop";
    project.working_directory = "/srv/shop";
    project.config_files = {"/srv/shop/compose.yaml"};
    project.networks["default"].name = "shop_default";
    add("web");
  }

  model::Service& add(const std::string& name) {
    model::Service& s = project.services[name];
    s.name = name;
    s.image = "alpine";
    s.networks["default"] = std::nullopt;
    images[name] = {.id = "sha256:1", .command = {"/bin/sh"}, .environment = {"PATH=/bin"}};
    return s;
  }
  model::Service& web() { return project.services["web"]; }
  lower::ImageFacts& image() { return images["web"]; }

  [[nodiscard]] lower::Lowered lower() const {
    return lower::lower_project({.project = project, .images = images, .hashes = hashes, .scale = scale});
  }
  // "web" as it comes out, in a project that gives no warnings.
  [[nodiscard]] sched::DesiredService lowered() const {
    lower::Lowered result = lower();
    CHECK(result.warnings.empty());
    return *std::ranges::find(result.state.services, "web", &sched::DesiredService::name);
  }
  void check_error(const std::string& message) const {
    CHECK_THROWS_WITH_AS((void)lower(), message.c_str(), base::Error);
  }
};

using Strings = std::vector<std::string>;

}  // namespace compose::test
