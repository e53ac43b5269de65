#include "compose/loader/short_syntax.hpp"

#include <doctest/doctest.h>

using namespace compose::loader;

namespace {

template <class F>
std::string short_refusal(F&& f) {
  try {
    f();
    return "accepted";
  } catch (const compose::base::Error& e) {
    return e.what();
  }
}

std::string bindings(std::string_view spec) {
  std::string text;
  for (const auto& b : parse_port(spec)) {
    if (!text.empty()) text += ' ';
    text += compose::base::text("{}|{}|{}|{}", b.host_ip, b.published, b.target, b.protocol);
  }
  return text;
}

std::string port_error(std::string_view spec) {
  return short_refusal([&] { (void)parse_port(spec); });
}
std::string mount_error(std::string_view spec) {
  return short_refusal([&] { (void)parse_mount(spec); });
}
std::string word_error(std::string_view line) {
  return short_refusal([&] { (void)split_words(line); });
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_SUITE("loader/short_syntax") {
  TEST_CASE("ports: every form") {
    CHECK(bindings("3000") == "||3000|tcp");
    CHECK(bindings("3000-3001") == "||3000|tcp ||3001|tcp");
    CHECK(bindings("8000:80/UDP") == "|8000|80|udp");
    CHECK(bindings("9090-9091:80-81") == "|9090|80|tcp |9091|81|tcp");
    CHECK(bindings("8000-9000:80") == "|8000-9000|80|tcp");
    CHECK(bindings("127.0.0.1::80") == "127.0.0.1||80|tcp");
    CHECK(bindings(":80") == "||80|tcp");
    CHECK(bindings("[::1]:81:80") == "::1|81|80|tcp");
    CHECK(bindings("::1:81:80") == "::1|81|80|tcp");
  }

  TEST_CASE("ports: each mistake has its message") {
    CHECK(port_error("2-5:1-3") ==
          "the ranges of container ports '1-3' and host ports '2-5' differ in length");
    CHECK(port_error("foo:80") == "invalid host port 'foo', ports are 1 to 65535");
    CHECK(port_error("80:70000") == "invalid container port '70000', ports are 1 to 65535");
    CHECK(port_error("80:") == "no container port in '80:'");
    CHECK(port_error("80/xx") == "invalid protocol 'xx', known are tcp, udp and sctp");
    CHECK(port_error("1.2.3:80:80") == "invalid IP address '1.2.3'");
    CHECK(port_error("5-3") == "invalid container port '5-3', ports are 1 to 65535");
  }

  TEST_CASE("mounts: what is a path and what is a volume") {
    CHECK(parse_mount("/anon") == ShortMount{.type = "volume", .target = "/anon"});
    CHECK(parse_mount("data:/d/") == ShortMount{.type = "volume", .source = "data", .target = "/d"});
    CHECK(parse_mount("v:/d") == ShortMount{.type = "volume", .source = "v", .target = "/d"});
    CHECK(parse_mount("./x:/d:ro,z") ==
          ShortMount{.type = "bind", .source = "./x", .target = "/d", .read_only = true, .selinux = "z"});
    CHECK(parse_mount("~/x:/d:rshared,cached").propagation == "rshared");
    CHECK(parse_mount("c:\\x:/d").source == "c:\\x");
    CHECK(parse_mount("c:/x:/d").source == "c:/x");
    CHECK(parse_mount("data:/d:nocopy").nocopy);
    CHECK(mount_error("") == "invalid empty volume spec");
    CHECK(mount_error(":/xyz") == "invalid spec ':/xyz': empty section between colons");
    CHECK(mount_error("aa:/b:/c:ro") == "invalid spec 'aa:/b:/c:ro': too many colons");
  }

  TEST_CASE("devices and hosts") {
    CHECK(parse_device("/dev/a") == ShortDevice{"/dev/a", "/dev/a", "rwm"});
    CHECK(parse_device("/dev/a:/dev/b:r") == ShortDevice{"/dev/a", "/dev/b", "r"});
    CHECK(parse_device("vendor.com/class=name").source == "vendor.com/class=name");
    CHECK(short_refusal([] { (void)parse_device("a:b:c:d"); }) ==
          "confusing device mapping, please use long syntax: a:b:c:d");
    CHECK(parse_host("h:1.2.3.4") == ShortHost{"h", "1.2.3.4"});
    CHECK(parse_host("h=[::1]") == ShortHost{"h", "::1"});
    CHECK(short_refusal([] { (void)parse_host("foo"); }) == "invalid additional host, missing IP: 'foo'");
    CHECK(short_refusal([] { (void)parse_host("=1"); }) == "bad host name '' in '=1'");
  }

  TEST_CASE("commands split into words by quotes, without a shell") {
    CHECK(split_words("a  b\tc").words == Strings{"a", "b", "c"});
    CHECK(split_words("sh -c 'echo \"x y\"' \"q\\\"r\" a\\ b ''").words ==
          Strings{"sh", "-c", "echo \"x y\"", "q\"r", "a b", ""});
    CHECK(split_words("").words.empty());
    CHECK(split_words("echo $(a b) `c d`").words == Strings{"echo", "$(a b)", "`c d`"});
    const auto cut = split_words("echo hi && sleep 1");
    CHECK(cut.words == Strings{"echo", "hi"});
    CHECK(cut.cut_at == 8);
    CHECK(split_words("run 2>file").words == Strings{"run"});
    CHECK(word_error("a 'b") == "unbalanced quotes or parentheses in command 'a 'b'");
    CHECK(word_error("a (b)") == "'(' without quotes in command 'a (b)'");
  }
}
