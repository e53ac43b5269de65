#include "images/build/source_tree.hpp"

#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/build/build_cache.hpp"
#include "images/build/file_digests.hpp"
#include "images/build/glob.hpp"
#include "images/platform.hpp"

using namespace compose;
using namespace compose::images;

namespace {

struct Tree {
  base::TemporaryDirectory directory;
  base::HostPath root = directory.path() / "root";
  Tree() {
    base::sys::make_directories(root / "src/sub");
    base::write_file_atomically(root / "src/a.c", "a");
    base::write_file_atomically(root / "src/sub/b.c", "b");
    base::write_file_atomically(root / "top", "top");
    base::sys::make_symlink("src", root / "link");
    base::sys::make_symlink("/../../etc/passwd", root / "escape");
  }
  [[nodiscard]] SourceTree open(IgnoreRules rules = {}) const {
    return SourceTree{RootView{base::sys::open(root, O_PATH | O_DIRECTORY)}, "the build context",
                      std::move(rules), nullptr};
  }
};

std::vector<std::string> names(const std::vector<SourceEntry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.relative);
  return names;
}

std::vector<std::string> paths(const std::vector<SourceMatch>& matches) {
  std::vector<std::string> paths;
  for (const auto& match : matches) paths.push_back(match.path);
  return paths;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_SUITE("images/build/source_tree") {
  TEST_CASE("a source is a path, or what its wildcards match; links are followed inside the tree") {
    const Tree t;
    const auto tree = t.open();
    CHECK(paths(tree.match("src/a.c")) == Names{"src/a.c"});
    CHECK(paths(tree.match("./src//sub/../a.c")) == Names{"src/a.c"});
    CHECK(paths(tree.match("link/a.c")) == Names{"src/a.c"});
    CHECK(paths(tree.match("src/*")) == Names{"src/a.c", "src/sub"});
    CHECK(paths(tree.match("*/*.c")) == Names{"src/a.c"});  // not through the link
    CHECK(paths(tree.match("link/*.c")) == Names{"src/a.c"});
    CHECK(paths(tree.match("/")) == Names{""});
    CHECK(tree.match("*.none").empty());
    CHECK_THROWS_WITH_AS((void)tree.match("none"), "'none' is not in the build context", base::Error);
    CHECK_THROWS_WITH_AS((void)tree.match("escape"), "'escape' is not in the build context", base::Error);
    CHECK_THROWS_WITH_AS((void)tree.match("../root/top"), "'../root/top' is not in the build context",
                         base::Error);
  }

  TEST_CASE("a link is followed and keeps its name") {
    const Tree t;
    const auto tree = t.open();
    CHECK(tree.match("link") == std::vector<SourceMatch>{{.path = "src", .name = "link"}});
    CHECK(tree.match("lin?") == std::vector<SourceMatch>{{.path = "src", .name = "link"}});
    CHECK_THROWS_WITH_AS((void)tree.match("escap?"),
                         "'escape' is a link to '/etc/passwd', which is not in the build context",
                         base::Error);
  }

  TEST_CASE("a listing has parents before children, links as links and digests of files") {
    const Tree t;
    const auto entries = t.open().collect("", {});
    CHECK(names(entries) == Names{"", "escape", "link", "src", "src/a.c", "src/sub", "src/sub/b.c", "top"});
    CHECK(entries[2].link == "src");
    CHECK(entries[4].digest == base::sha256_hex("a"));
  }

  TEST_CASE("what the rules hide is not there") {
    const Tree t;
    const auto tree = t.open(IgnoreRules{"src/sub\ntop\n", ".dockerignore"});
    CHECK(names(tree.collect("", {})) == Names{"", "escape", "link", "src", "src/a.c"});
    CHECK_THROWS_WITH_AS((void)tree.match("top"), "'top' is not in the build context: .dockerignore hides it",
                         base::Error);
    CHECK(names(tree.collect("src", IgnoreRules{std::vector<std::string>{"*.c"}})) == Names{""});
  }
}

TEST_SUITE("images/build/file_digests") {
  TEST_CASE("a digest is remembered until the file changes") {
    const Tree t;
    base::Database database{t.directory.path() / "state.db"};
    database.run("CREATE TABLE context_memo (context TEXT PRIMARY KEY, entries TEXT NOT NULL)");
    const auto directory = base::sys::open(t.root, O_RDONLY | O_DIRECTORY);
    const auto digest = [&](FileDigests& digests) {
      return digests.digest_of(directory.get(), "top", "top", *base::sys::lstat_if_exists(t.root / "top"));
    };
    const timespec tick{.tv_sec = 0, .tv_nsec = 20'000'000};
    ::nanosleep(&tick, nullptr);  // out of the clock tick in which the file was written
    for (const bool kept : {false, true}) {
      FileDigests digests{database, kept ? "context" : "gone with the build", kept};
      CHECK(digest(digests) == base::sha256_hex("top"));
      digests.save();
    }
    int rows = 0;
    database.each("SELECT 1 FROM context_memo", {}, [&](const base::SqlRow&) { ++rows; });
    CHECK(rows == 1);
    FileDigests again{database, "context"};
    CHECK(digest(again) == base::sha256_hex("top"));
    base::write_file_atomically(t.root / "top", "new");
    CHECK(digest(again) == base::sha256_hex("new"));
    CHECK_THROWS_WITH_AS(again.digest_of(directory.get(), "top", "top", {}),
                         "'top' changed while it was read", base::Error);
  }

  TEST_CASE("a damaged memory is forgotten, not believed") {
    const Tree t;
    base::Database database{t.directory.path() / "state.db"};
    database.run("CREATE TABLE context_memo (context TEXT PRIMARY KEY, entries TEXT NOT NULL)");
    database.run("INSERT INTO context_memo VALUES ('context', 'rubbish')");
    const auto directory = base::sys::open(t.root, O_RDONLY | O_DIRECTORY);
    FileDigests digests{database, "context"};
    CHECK(digests.digest_of(directory.get(), "top", "top", *base::sys::lstat_if_exists(t.root / "top")) ==
          base::sha256_hex("top"));
  }
}

TEST_SUITE("images/build/build_cache") {
  TEST_CASE("no two lists of parts have the same key") {
    CHECK(CacheKey{}.add("ab").add("c").finish() != CacheKey{}.add("a").add("bc").finish());
    CHECK(CacheKey{}.add("").finish() != CacheKey{}.finish());
    CHECK(CacheKey{}.add(Names{"a", "b"}).finish() != CacheKey{}.add(Names{"a"}).add("b").finish());
    CHECK(CacheKey{}.add("a").finish() == CacheKey{}.add("a").finish());
  }
}

TEST_SUITE("images/build/glob") {
  TEST_CASE("where slashes mean nothing, stars span them") {
    CHECK(Glob("*/", GlobSlash::ordinary).matches("/usr/lib/"));
    CHECK(Glob("a[b]*", GlobSlash::ordinary).matches("a[b]/c"));
    CHECK(Glob("[^a]b").matches("cb"));
    CHECK_FALSE(Glob("[!a]b").matches("cb"));
    CHECK(Glob("[!a]b").matches("!b"));
    CHECK_FALSE(Glob("a[b]*", GlobSlash::ordinary).matches("ab"));
    CHECK(Glob::has_wildcard("a?"));
    CHECK_FALSE(Glob::has_wildcard("a.c"));
  }
}

TEST_SUITE("images/platform") {
  TEST_CASE("images are for this machine") {
    CHECK(own_platform().text() == own_platform().os + "/" + own_platform().architecture);
  }
}
