#include "runtime-shim/isolation/user.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

const UserFiles k_files{.passwd =
                            "root:x:0:0:root:/root:/bin/sh\n"
                            "broken line\n"
                            "1000:x:0:0:a name of digits:/trap:/bin/sh\n"
                            "alice:x:1001:1001::/home/alice:/bin/sh\n"
                            "huge:x:4294967296:0::/:/bin/sh\n",
                        .group =
                            "root:x:0:\n"
                            "alice:x:1001:\n"
                            "audio:x:29:bob,alice\n"
                            "video:x:44:alice\n"};

ResolvedUser resolve(std::string_view user, std::vector<std::string> extra = {}) {
  return resolve_user(user, extra, k_files);
}

}  // namespace

TEST_SUITE("runtime/isolation/user") {
  TEST_CASE("nobody said who: root, with root's home") {
    CHECK(resolve("") == ResolvedUser{.uid = 0, .gid = 0, .groups = {0}, .home = "/root"});
  }

  TEST_CASE("a name brings its group, its memberships and its home") {
    CHECK(resolve("alice") ==
          ResolvedUser{.uid = 1001, .gid = 1001, .groups = {1001, 29, 44}, .home = "/home/alice"});
    CHECK(resolve("1001") == resolve("alice"));
  }

  TEST_CASE("digits are a number, never a name") {
    CHECK(resolve("1000") == ResolvedUser{.uid = 1000, .gid = 0, .groups = {0}, .home = "/"});
  }

  TEST_CASE("a group that is given stands alone") {
    CHECK(resolve("alice:audio") ==
          ResolvedUser{.uid = 1001, .gid = 29, .groups = {29}, .home = "/home/alice"});
    CHECK(resolve("7:8") == ResolvedUser{.uid = 7, .gid = 8, .groups = {8}, .home = "/"});
  }

  TEST_CASE("extra groups are added once") {
    CHECK(resolve("alice", {"video", "99"}).groups == std::vector<gid_t>{1001, 29, 44, 99});
  }

  TEST_CASE("what is not there or not a number is refused") {
    CHECK_THROWS_WITH_AS(resolve("bob"), "user 'bob' is not in the container's /etc/passwd", base::Error);
    CHECK_THROWS_WITH(resolve("alice:wheel"), "group 'wheel' is not in the container's /etc/group");
    CHECK_THROWS_WITH(resolve("alice:"), "user 'alice:' has no group after ':'");
    for (const char* number : {"2147483648", "4294967296", "99999999999"})
      CHECK_THROWS_WITH(resolve(number), base::text("user number '{}' is out of range", number).c_str());
    CHECK_THROWS_WITH(resolve("1000:99999999999"), "group number '99999999999' is out of range");
    for (const char* odd : {"-1", "+5", "0x0", " 0", "\xEF\xBC\x90", "huge"})
      CHECK_THROWS_AS(resolve(odd), base::Error);
  }
}
