#include "images/registry/proxy.hpp"

#include <doctest/doctest.h>

using namespace compose::images;

namespace {

std::string through(const ProxySettings& settings, const char* url) {
  const auto proxy = proxy_for(settings, parse_url(url));
  return proxy ? proxy->text() : "straight";
}

}  // namespace

TEST_SUITE("images/registry/proxy") {
  TEST_CASE("http and https have proxies of their own") {
    const ProxySettings settings{.http = "proxy:3128", .https = "http://secure:3129"};
    CHECK(through(settings, "http://x/") == "http://proxy:3128/");
    CHECK(through(settings, "https://x/") == "http://secure:3129/");
    CHECK(through({}, "https://x/") == "straight");
  }

  TEST_CASE("this machine is never asked through a proxy") {
    const ProxySettings settings{.http = "proxy"};
    for (const char* url : {"http://localhost:5000/", "http://127.8.0.1/", "http://[::1]/"})
      CHECK(through(settings, url) == "straight");
  }

  TEST_CASE("NO_PROXY names hosts, domains, ports and ranges") {
    const ProxySettings settings{
        .http = "proxy", .none = "corp.example, .sub.example,10.0.0.0/8,host:5000,*.wild.example,fd00::/8"};
    for (const char* url :
         {"http://corp.example/", "http://a.corp.example/", "http://a.sub.example/", "http://10.1.2.3/",
          "http://host:5000/", "http://a.wild.example/", "http://[fd00::1]/"})
      CHECK_MESSAGE(through(settings, url) == "straight", url);
    for (const char* url : {"http://xcorp.example/", "http://sub.example/", "http://11.1.2.3/",
                            "http://host/", "http://wild.example/"})
      CHECK_MESSAGE(through(settings, url) == "http://proxy/", url);
    CHECK(through({.http = "proxy", .none = "*"}, "http://x/") == "straight");
  }

  TEST_CASE("an address is inside a range or not") {
    CHECK(address_in_range("192.168.1.1", "192.168.0.0/16"));
    CHECK(address_in_range("1.2.3.4", "1.2.3.4"));
    CHECK_FALSE(address_in_range("1.2.3.4", "1.2.3.5"));
    CHECK_FALSE(address_in_range("1.2.3.4", "::/0"));
    CHECK_FALSE(address_in_range("1.2.3.4", "0.0.0.0/33"));
    CHECK_FALSE(address_in_range("host", "0.0.0.0/0"));
  }
}
