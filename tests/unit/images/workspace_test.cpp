#include "images/workspace.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"

using namespace compose;
using namespace compose::images;
using namespace std::chrono_literals;

namespace {

// Grounds that cost what the test says, by turns, and what became of them.
struct Grounds {
  std::vector<std::chrono::nanoseconds> costs = {};  // then there is no more space
  std::vector<std::string> made = {};
  std::vector<std::string> discarded = {};

  std::string choose(std::size_t most) {
    return choose_ground(
               most,
               [&] {
                 if (made.size() == costs.size()) base::fail("no space left");
                 made.push_back("/" + std::to_string(made.size()));
                 return Ground{.path = base::HostPath{made.back()}, .cost = costs.at(made.size() - 1)};
               },
               [&](const base::HostPath& path) { discarded.push_back(path.str()); })
        .str();
  }
};

}  // namespace

TEST_SUITE("workspace") {
  TEST_CASE("ground that is quick is taken at once") {
    Grounds grounds{.costs = {18us, 1us}};
    CHECK(grounds.choose(12) == "/0");
    CHECK(grounds.made.size() == 1);
    CHECK(grounds.discarded.empty());
  }

  TEST_CASE("slow ground is left, and goes only when a better one is found") {
    Grounds grounds{.costs = {700us, 90us, 20us, 1us}};
    CHECK(grounds.choose(12) == "/2");
    CHECK(grounds.discarded == std::vector<std::string>{"/0", "/1"});
  }

  TEST_CASE("where all ground is slow the quickest of some is taken") {
    Grounds grounds{.costs = {700us, 300us, 500us}};
    CHECK(grounds.choose(3) == "/1");
    CHECK(grounds.discarded == std::vector<std::string>{"/0", "/2"});
  }

  TEST_CASE("on a slow machine, where all ground costs alike, few are made") {
    Grounds grounds{.costs = {700us, 500us, 600us, 550us, 1us}};
    CHECK(grounds.choose(12) == "/1");
    CHECK(grounds.discarded == std::vector<std::string>{"/0", "/2", "/3"});
    Grounds uneven{.costs = {700us, 500us, 600us, 90us, 1us}};
    CHECK(uneven.choose(12) == "/4");
  }

  TEST_CASE("where no better ground can be made the best there is will do") {
    Grounds grounds{.costs = {700us, 300us, 500us}};
    CHECK(grounds.choose(12) == "/1");
    CHECK(grounds.discarded == std::vector<std::string>{"/0", "/2"});
    CHECK_THROWS_WITH_AS(Grounds{}.choose(12), "no space left", base::Error);
  }

  TEST_CASE("a file system that cannot spread gets one try") {
    Grounds grounds{.costs = {700us}};
    CHECK(grounds.choose(1) == "/0");
    CHECK(grounds.discarded.empty());
  }

  TEST_CASE("a workspace has its directories and takes them along") {
    const base::TemporaryDirectory parent;
    {
      const Workspace workspace{parent.path()};
      CHECK(base::sys::stat_if_exists(workspace.upper())->st_mode == (S_IFDIR | 0755));
      CHECK(base::sys::exists(workspace.work()));
      CHECK(base::list_directory(parent.path()).size() == 1);
    }
    CHECK(base::list_directory(parent.path()).empty());
  }

  TEST_CASE("a directory above that gives its group away does not give it to what becomes a layer") {
    if (::geteuid() != 0) return;
    const base::TemporaryDirectory parent;
    base::check(::chown(parent.path().c_str(), 0, 50), "give a group");
    base::check(::chmod(parent.path().c_str(), 02755), "set the mode");
    const Workspace workspace{parent.path()};
    CHECK(base::sys::stat_if_exists(workspace.upper())->st_gid == 0);
    CHECK(base::sys::stat_if_exists(workspace.upper())->st_mode == (S_IFDIR | 0755));
  }

  TEST_CASE("rights that the directory above hands down do not reach what is made in a workspace") {
    const base::TemporaryDirectory parent;
    // What `setfacl -d -m u::rwx,g::---,o::---` writes.
    const std::string rights{
        "\2\0\0\0"
        "\1\0\7\0\xff\xff\xff\xff"
        "\4\0\0\0\xff\xff\xff\xff"
        "\x20\0\0\0\xff\xff\xff\xff",
        28};
    const auto directory = base::sys::open(parent.path(), O_RDONLY | O_DIRECTORY);
    base::sys::set_extended_attribute(directory.get(), "system.posix_acl_default", rights);
    const Workspace workspace{parent.path()};
    const auto mask = ::umask(0);
    const auto file = base::sys::open(workspace.upper() / "file", O_WRONLY | O_CREAT, 0666);
    ::umask(mask);
    CHECK(base::sys::stat_fd(file.get()).st_mode == (S_IFREG | 0666));
    CHECK(base::sys::stat_if_exists(workspace.upper())->st_mode == (S_IFDIR | 0755));
  }
}
