#include "base/path.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose::base;

TEST_SUITE("base/path") {
  TEST_CASE("paths are cleaned as Go cleans them") {
    CHECK(clean_path("/a//b/../c/") == "/a/c");
    CHECK(clean_path("../x/./y") == "../x/y");
    CHECK(clean_path("/../..") == "/");
    CHECK(clean_path("") == ".");
    CHECK(absolute_path("x", "/base") == "/base/x");
    CHECK(absolute_path("/x/", "/base") == "/x");
  }
  TEST_CASE("joining puts exactly one slash") {
    CHECK((HostPath{"/run/"} / "/compose").str() == "/run/compose");
    CHECK(HostPath{"/run/compose"}.parent().str() == "/run");
    CHECK(HostPath{"/run/compose"}.name() == "compose");
  }
}

TEST_SUITE("base/file") {
  TEST_CASE("a file is replaced as a whole and a tree removed without following links") {
    const TemporaryDirectory outside;
    write_file_atomically(outside.path() / "keep", "kept");
    {
      const TemporaryDirectory directory;
      write_file_atomically(directory.path() / "a", "1");
      write_file_atomically(directory.path() / "a", "2", 0600, Durability::synced);
      CHECK(read_file(directory.path() / "a") == "2");
      CHECK(read_file_if_exists(directory.path() / "b") == std::nullopt);
      sys::make_directories(directory.path() / "x/y/z");
      sys::make_symlink(outside.path().str(), directory.path() / "x/link");
      CHECK(list_directory(directory.path()) == std::vector<std::string>{"a", "x"});
    }
    CHECK(read_file(outside.path() / "keep") == "kept");
  }
}
