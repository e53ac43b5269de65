#include "images/reference.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using images::parse_reference;

namespace {
std::string reference_error(std::string_view text) {
  try {
    (void)parse_reference(text);
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}
const std::string k_digest = "sha256:" + std::string(64, 'a');
}  // namespace

TEST_SUITE("images/reference") {
  TEST_CASE("short names are completed as Docker does") {
    CHECK(parse_reference("nginx").full() == "docker.io/library/nginx:latest");
    CHECK(parse_reference("nginx:1.27").full() == "docker.io/library/nginx:1.27");
    CHECK(parse_reference("team/app").full() == "docker.io/team/app:latest");
    CHECK(parse_reference("localhost/app").full() == "localhost/app:latest");
    CHECK(parse_reference("localhost:5000/a/b:c").full() == "localhost:5000/a/b:c");
    CHECK(parse_reference("ghcr.io/x/y").full() == "ghcr.io/x/y:latest");
    CHECK(parse_reference("index.docker.io/library/x").full() == "docker.io/library/x:latest");
    CHECK(parse_reference("[::1]:5000/x").full() == "[::1]:5000/x:latest");
    CHECK(parse_reference("shop_web").full() == "docker.io/library/shop_web:latest");
    CHECK(parse_reference("a__b--c.d").path == "library/a__b--c.d");
  }

  TEST_CASE("a digest stands beside or instead of a tag") {
    CHECK(parse_reference("nginx@" + k_digest).full() == "docker.io/library/nginx@" + k_digest);
    CHECK(parse_reference("nginx:1@" + k_digest).full() == "docker.io/library/nginx:1@" + k_digest);
  }

  TEST_CASE("the familiar form leaves out what Docker completes") {
    CHECK(parse_reference("docker.io/library/nginx").familiar() == "nginx:latest");
    CHECK(parse_reference("docker.io/team/app:2").familiar() == "team/app:2");
    CHECK(parse_reference("docker.io/a.b/c").familiar() == "docker.io/a.b/c:latest");
    CHECK(parse_reference("docker.io/library/a/b").familiar() == "library/a/b:latest");
    CHECK(parse_reference("quay.io/team/app").repository() == "quay.io/team/app");
  }

  TEST_CASE("two spellings of one image match") {
    CHECK(images::image_matches("nginx", "docker.io/library/nginx:latest"));
    CHECK_FALSE(images::image_matches("nginx", "nginx:1"));
    CHECK(images::image_matches("??", "??"));
  }

  TEST_CASE("an error names the part that is wrong") {
    CHECK(reference_error("") == "invalid image reference '': it is empty");
    CHECK(reference_error("Nginx") ==
          "invalid image reference 'Nginx': the repository name must be lowercase");
    CHECK(reference_error("a//b") ==
          "invalid image reference 'a//b': the repository name has an empty component");
    CHECK(reference_error("a b") ==
          "invalid image reference 'a b': the repository name must not contain ' '");
    CHECK(reference_error("-a") == "invalid image reference '-a': '-' must stand between letters or digits");
    CHECK(reference_error("a..b") ==
          "invalid image reference 'a..b': '..' must stand between letters or digits");
    CHECK(reference_error("a___b") ==
          "invalid image reference 'a___b': '___' must stand between letters or digits");
    CHECK(reference_error("a:") == "invalid image reference 'a:': the tag is empty");
    CHECK(reference_error("a:.x") ==
          "invalid image reference 'a:.x': the tag '.x' is not made of letters, digits, '_', '.' and '-'");
    CHECK(reference_error("a:" + std::string(129, 'x')).ends_with("the tag is longer than 128 characters"));
    CHECK(reference_error(std::string(256, 'a')).ends_with("the name is longer than 255 characters"));
    CHECK(reference_error("a.b:x/y") ==
          "invalid image reference 'a.b:x/y': the port of the registry is not a number");
    CHECK(reference_error("-a.b/y") == "invalid image reference '-a.b/y': the registry is not a host name");
    CHECK(reference_error(":x") == "invalid image reference ':x': the repository name is empty");
    CHECK(reference_error(std::string(64, 'b')).ends_with("64 hex digits are an image id, not a name"));
    CHECK(reference_error("../../etc/passwd").ends_with("the registry is not a host name"));
  }

  TEST_CASE("a digest is sha256 and exactly 64 lowercase hex digits") {
    for (const std::string bad : {"sha256:", "sha256:../../x", "sha512:", "sha256:zz"})
      CHECK(reference_error("a@" + bad) == "invalid image reference 'a@" + bad + "': the digest '" + bad +
                                               "' is not sha256 and 64 hex digits");
    CHECK_FALSE(images::is_digest("sha256:" + std::string(63, 'a')));
    CHECK_FALSE(images::is_digest("sha256:" + std::string(65, 'a')));
    CHECK_FALSE(images::is_digest("sha256:" + std::string(64, 'A')));
    CHECK_FALSE(images::is_digest("sha256:" + std::string(63, 'a') + std::string(1, '\0')));
    CHECK(images::is_digest(k_digest));
  }
}
