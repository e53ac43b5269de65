#include "images/registry/settings.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose::images;
using compose::base::Error;
using namespace std::chrono_literals;

TEST_SUITE("images/registry/settings") {
  TEST_CASE("the file says what is insecure, mirrored and how long to wait") {
    RegistrySettings settings;
    read_registry_settings(
        R"({"insecure": ["r.lan:5000", "10.0.0.0/8"], "mirrors": {"docker.io": ["http://m"]},
      "stall_timeout": "2s", "connect_timeout": "1s", "first_wait": "10ms", "attempts": 3, "certificates": "/c"})",
        settings);
    CHECK(settings.is_insecure("r.lan:5000"));
    CHECK_FALSE(settings.is_insecure("r.lan"));
    CHECK(settings.is_insecure("10.1.1.1:443"));
    CHECK(settings.is_insecure("localhost:1"));
    CHECK(settings.is_insecure("[::1]:5000"));
    CHECK_FALSE(settings.is_insecure("docker.io"));
    CHECK(settings.mirrors.at("docker.io") == std::vector<std::string>{"http://m"});
    CHECK(settings.stream.stall_timeout == 2s);
    CHECK(settings.stream.connect_timeout == 1s);
    CHECK(settings.retry.first_wait == 10ms);
    CHECK(settings.retry.attempts == 3);
    CHECK(settings.certificates.front().str() == "/c");
  }

  TEST_CASE("what is wrong in the file is named") {
    RegistrySettings settings;
    const auto refused = [&](const char* json, const char* message) {
      CHECK_THROWS_WITH_AS(read_registry_settings(json, settings), message, Error);
    };
    refused("[]", "must be an object");
    refused(R"({"stall_timeout": "soon"})", "stall_timeout: 'soon' is not a duration");
    refused(R"({"insecur": []})", "'insecur' is not a known key");
  }

  TEST_CASE("a file that is named must be there, and an empty name is none") {
    ::setenv("COMPOSE_REGISTRIES_FILE", "/nowhere/registries.json", 1);
    CHECK_THROWS_WITH_AS((void)load_registry_settings(),
                         "open '/nowhere/registries.json': No such file or directory", Error);
    ::setenv("COMPOSE_REGISTRIES_FILE", "", 1);
    CHECK_NOTHROW((void)load_registry_settings());
    ::unsetenv("COMPOSE_REGISTRIES_FILE");
  }

  TEST_CASE("certificates of a registry are found by its name, and make it verified") {
    const compose::base::TemporaryDirectory directory;
    compose::base::sys::make_directories(directory.path() / "localhost:5000");
    for (const char* name : {"ca.crt", "client.cert", "client.key"})
      compose::base::write_file_atomically(directory.path() / "localhost:5000" / name, "x");
    const RegistrySettings settings{.certificates = {directory.path()}};
    const auto tls = settings.tls_for("localhost:5000");
    CHECK(tls.verify);
    CHECK(tls.authorities.size() == 1);
    CHECK(tls.certificate.name() == "client.cert");
    CHECK(tls.key.name() == "client.key");
    CHECK_FALSE(settings.tls_for("localhost:5001").verify);
    CHECK(settings.tls_for("x.io").verify);
  }
}
