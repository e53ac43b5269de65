#include "images/room.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace compose;
using namespace compose::images;

TEST_SUITE("room") {
  TEST_CASE("what is said where there is too little names the place and what there is") {
    const Room room{.place = "/data", .bytes = 0, .free = 5'000'000};
    CHECK_THROWS_WITH_AS(
        room.refuse("to unpack the archive"),
        "not enough space in '/data' to unpack the archive: 5MB are free, and 67.11MB must stay free",
        base::Error);
  }

  TEST_CASE("a full disk is told with what there is, and only that") {
    const base::TemporaryDirectory directory;
    const auto failing = [&](int code) {
      telling_room(directory.path(), [&] { throw base::SysError(code, "copy 'big'"); });
    };
    CHECK_THROWS_WITH_AS(failing(ENOSPC), doctest::Contains("copy 'big': No space left on device: "),
                         base::Error);
    CHECK_THROWS_WITH_AS(failing(ENOSPC), doctest::Contains(directory.path().c_str()), base::Error);
    CHECK_THROWS_WITH_AS(failing(EACCES), "copy 'big': Permission denied", base::SysError);
    CHECK(telling_room(directory.path(), [] { return 3; }) == 3);
  }

  TEST_CASE("a part of what is free stays free") {
    const base::TemporaryDirectory directory;
    const auto room = room_in(directory.path());
    CHECK(room.place == directory.path().str());
    CHECK((room.bytes == 0 || room.bytes + k_reserve == room.free));
  }
}
