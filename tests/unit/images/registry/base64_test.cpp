#include "images/registry/base64.hpp"

#include <doctest/doctest.h>

using namespace compose::images;

TEST_SUITE("images/registry/base64") {
  TEST_CASE("bytes come back") {
    for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
      CHECK(base64_decode(base64_encode(text)) == text);
    CHECK(base64_encode("foob") == "Zm9vYg==");
    CHECK(base64_encode("\xff\xfe\xfd") == "//79");
    CHECK(base64_decode("Zm9vYg") == "foob");
  }

  TEST_CASE("what is not base64 is nothing") {
    CHECK_FALSE(base64_decode("Zm9v!"));
    CHECK_FALSE(base64_decode("Zm9vY"));
    CHECK_FALSE(base64_decode("Zm 9v"));
  }
}
