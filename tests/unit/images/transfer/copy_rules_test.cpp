#include "images/transfer/copy_rules.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/path.hpp"

using namespace compose;
using namespace compose::images;

namespace {

constexpr auto k_none = CopyKind::missing;
constexpr auto k_dir = CopyKind::directory;
constexpr auto k_file = CopyKind::other;

// "in place", "inside as 'x'", "contents inside", or the error.
std::string plan(const std::string& source, CopyKind source_is, const std::string& destination,
                 CopyKind destination_is) {
  try {
    const auto made = plan_copy({.source = source,
                                 .source_path = base::absolute_path(source, "/work/here"),
                                 .source_is = source_is,
                                 .destination = destination,
                                 .destination_is = destination_is});
    if (!made.inside) return "in place";
    return made.name.empty() ? "contents inside" : "inside as '" + made.name + "'";
  } catch (const base::Error& e) {
    return e.what();
  }
}

}  // namespace

TEST_SUITE("images/transfer/copy_rules") {
  TEST_CASE("a file takes the place of a file or of nothing, and goes into a directory under its name") {
    CHECK(plan("a/f", k_file, "/x", k_none) == "in place");
    CHECK(plan("a/f", k_file, "/x", k_file) == "in place");
    CHECK(plan("a/f", k_file, "/x", k_dir) == "inside as 'f'");
    CHECK(plan("a/f", k_file, "/x/", k_dir) == "inside as 'f'");
  }

  TEST_CASE("a directory becomes what does not exist, or goes into one that does") {
    CHECK(plan("a/d", k_dir, "/x", k_none) == "in place");
    CHECK(plan("a/d", k_dir, "/x/", k_none) == "in place");
    CHECK(plan("a/d/.", k_dir, "/x", k_none) == "in place");
    CHECK(plan("a/d", k_dir, "/x", k_dir) == "inside as 'd'");
    CHECK(plan("a/d/", k_dir, "/x", k_dir) == "inside as 'd'");
    CHECK(plan("a/d/.", k_dir, "/x", k_dir) == "contents inside");
    CHECK(plan(".", k_dir, "/x", k_dir) == "contents inside");
    CHECK(plan("..", k_dir, "/x", k_dir) == "inside as 'work'");
    CHECK(plan("a/..", k_dir, "/x", k_dir) == "inside as 'here'");
    CHECK(plan("/", k_dir, "/x", k_dir) == "contents inside");
  }

  TEST_CASE("a slash at the end means a directory") {
    CHECK(plan("f/", k_file, "/x", k_dir) == "'f/': not a directory");
    CHECK(plan("f/.", k_file, "/x", k_none) == "'f/.': not a directory");
    CHECK(plan("f", k_file, "/x/", k_file) == "'/x/': not a directory");
    CHECK(plan("f", k_file, "/x/", k_none) == "'/x/': no such directory");
    CHECK(plan("d", k_dir, "/x/", k_file) == "'/x/': not a directory");
  }

  TEST_CASE("what does not fit is said") {
    CHECK(plan("gone", k_none, "/x", k_dir) == "'gone': no such file or directory");
    CHECK(plan("d", k_dir, "/x", k_file) ==
          "'d' is a directory and '/x' is not: a directory takes the place of nothing else");
    CHECK_NOTHROW(check_tar_destination("/x", k_dir));
    CHECK_THROWS_WITH(check_tar_destination("/x", k_file), "'/x': not a directory");
    CHECK_THROWS_WITH(check_tar_destination("/x", k_none), "'/x': no such directory");
  }
}
