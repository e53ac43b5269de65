#include "images/registry/credentials.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::images;

TEST_SUITE("images/registry/credentials") {
  TEST_CASE("auths hold user and password, however the registry is spelt") {
    const auto config = R"({"auths": {"https://index.docker.io/v1/": {"auth": "YW5uOnNlOmNyZXQ="},
                                      "localhost:5000": {"username": "bob", "password": "x"},
                                      "ghcr.io": {"identitytoken": "t"}}})";
    CHECK(find_credentials(config, "docker.io").credentials ==
          Credentials{.user = "ann", .password = "se:cret"});
    CHECK(find_credentials(config, "localhost:5000").credentials ==
          Credentials{.user = "bob", .password = "x"});
    CHECK(find_credentials(config, "ghcr.io").credentials.identity_token == "t");
    CHECK(find_credentials(config, "localhost").credentials.empty());
    CHECK(find_credentials(config, "evil.io").credentials.empty());
  }

  TEST_CASE("a helper of the registry goes before the store of all") {
    const auto config = R"({"credsStore": "all", "credHelpers": {"ghcr.io": "one"}, "auths": {"x.io": {}}})";
    CHECK(find_credentials(config, "ghcr.io").helper == "one");
    CHECK(find_credentials(config, "x.io").helper == "all");
    const auto hub = find_credentials(config, "docker.io");
    CHECK(hub.helper == "all");
    CHECK(hub.server == "https://index.docker.io/v1/");
    CHECK(find_credentials(R"({"auths": null})", "x.io").helper.empty());
  }

  TEST_CASE("what is wrong in the file is named") {
    const auto refused = [](const char* config, const char* message) {
      CHECK_THROWS_WITH_AS(static_cast<void>(find_credentials(config, "x.io")), message,
                           compose::base::Error);
    };
    refused("[]", "must be an object");
    refused(R"({"auths": {"x.io": 1}})", "auths.x.io: must be an object");
    refused(R"({"auths": {"x.io": {"auth": "YW5u"}}})", "auths.x.io.auth: is not base64 of user:password");
    refused(R"({"credHelpers": {"x.io": "../../bin/sh"}})",
            "'../../bin/sh' is not the name of a credential helper");
  }

  TEST_CASE("without a file there are none") {
    CHECK(load_credentials(compose::base::HostPath{"/nonexistent"}, "x.io").empty());
  }
}
