#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"

using namespace compose;
namespace sys = base::sys;

namespace {

// A chain of `depth` directories, each with a file, some with the name that removal uses itself.
void make_chain(const base::HostPath& top, int depth) {
  auto at = sys::open(top, O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < depth; ++i) {
    if (i % 50 == 0) sys::make_directory_at(at.get(), ".deep-0", 0700);
    sys::make_directory_at(at.get(), "directory", 0700);
    at = sys::open_at(at.get(), "directory", O_RDONLY | O_DIRECTORY);
    (void)sys::open_at(at.get(), "file", O_WRONLY | O_CREAT, 0600);
  }
}

}  // namespace

TEST_SUITE("base/remove_tree") {
  TEST_CASE("a tree deeper than descriptors and path names reach is removed") {
    const base::TemporaryDirectory scratch;
    const auto tree = scratch.path() / "tree";
    sys::make_directory(tree);
    make_chain(tree, 2100);  // two bytes of path each, and PATH_MAX is 4096
    ::rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const ::rlimit few{.rlim_cur = 64, .rlim_max = limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const base::ScopeExit back{[&] { ::setrlimit(RLIMIT_NOFILE, &limit); }};
    sys::remove_tree(tree);
    CHECK_FALSE(sys::exists(tree));
  }

  TEST_CASE("links are removed and what they lead to stays") {
    const base::TemporaryDirectory scratch;
    sys::make_directories(scratch.path() / "tree/deep");
    sys::make_directory(scratch.path() / "kept");
    base::write_file_atomically(scratch.path() / "kept/file", "x");
    sys::make_symlink("../../kept", scratch.path() / "tree/deep/link");
    sys::remove_tree(scratch.path() / "tree");
    CHECK(base::list_directory(scratch.path()) == std::vector<std::string>{"kept"});
    CHECK(base::read_file(scratch.path() / "kept/file") == "x");
  }

  TEST_CASE("a file, and what is not there") {
    const base::TemporaryDirectory scratch;
    base::write_file_atomically(scratch.path() / "file", "x");
    sys::remove_tree(scratch.path() / "file");
    CHECK(base::list_directory(scratch.path()).empty());
    sys::remove_tree(scratch.path() / "file");
    sys::remove_tree(scratch.path() / "no/such/parent");
    const auto directory = sys::open(scratch.path(), O_RDONLY | O_DIRECTORY);
    CHECK_FALSE(sys::remove_tree_at(directory.get(), "file"));
    CHECK_THROWS_WITH_AS(sys::remove_tree(base::HostPath{"/"}), "remove '/': a name is missing at its end",
                         base::Error);
  }
}
