#include "images/registry/url.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::images;

TEST_SUITE("images/registry/url") {
  TEST_CASE("an address has a server and a target") {
    const auto url = parse_url("https://Registry.Example:5000/v2/a?b=c#d");
    CHECK(url.tls);
    CHECK(url.host == "registry.example");
    CHECK(url.port == 5000);
    CHECK(url.target == "/v2/a?b=c");
    CHECK(url.authority() == "registry.example:5000");
    CHECK(parse_url("http://[::1]:80").text() == "http://[::1]/");
    CHECK(parse_url("https://h?x").target == "/?x");
  }

  TEST_CASE("user and password are decoded and never shown") {
    const auto url = parse_url("http://us%40er:p%3aw@proxy:3128/");
    CHECK(url.user == "us@er");
    CHECK(url.password == "p:w");
    CHECK(url.text() == "http://proxy:3128/");
  }

  TEST_CASE("what is no address says why") {
    const auto refused = [](const char* text, const char* message) {
      CHECK_THROWS_WITH_AS(static_cast<void>(parse_url(text)), message, compose::base::Error);
    };
    refused("ftp://x/", "invalid address 'ftp://x/': only http and https are known");
    refused("registry", "invalid address 'registry': 'http://' or 'https://' is missing");
    refused("http://:80/", "invalid address 'http://:80/': the host is missing");
    refused("http://h:0/", "invalid address 'http://h:0/': '0' is not a port");
    refused("http://h:99999/", "invalid address 'http://h:99999/': '99999' is not a port");
    refused("http://[::1/", "invalid address 'http://[::1/': the '[' is not closed");
    refused("http://h/a b",
            "invalid address 'http://h/a b': it contains a character that may not stand in an address");
  }

  TEST_CASE("a redirect is resolved against the page it came from") {
    const auto base = parse_url("https://h:5000/v2/a/blobs?x=1");
    CHECK(resolve_url(base, "http://other/y").text() == "http://other/y");
    CHECK(resolve_url(base, "//other/y").text() == "https://other/y");
    CHECK(resolve_url(base, "/y?z").text() == "https://h:5000/y?z");
    CHECK(resolve_url(base, "y").text() == "https://h:5000/v2/a/y");
    CHECK(resolve_url(base, "?q=http://x").text() == "https://h:5000/v2/a/blobs?q=http://x");
  }

  TEST_CASE("credentials stay with one scheme, host and port") {
    const auto base = parse_url("https://h/");
    CHECK(base.same_origin(parse_url("https://h:443/other")));
    CHECK_FALSE(base.same_origin(parse_url("http://h/")));
    CHECK_FALSE(base.same_origin(parse_url("https://h:444/")));
    CHECK_FALSE(base.same_origin(parse_url("https://h.evil/")));
  }

  TEST_CASE("what may not stand in a query is escaped") {
    CHECK(escape_query("repository:a/b:pull,push") == "repository:a/b:pull,push");
    CHECK(escape_query("a b&c=\xc3\xbc") == "a%20b%26c%3D%C3%BC");
  }
}
