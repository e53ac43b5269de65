#include "images/build/git_source.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "images/build/named_context.hpp"
#include "images/build/remote_context.hpp"

using namespace compose::images;

TEST_SUITE("images/build/git_source") {
  TEST_CASE("addresses of git repositories are known by their form") {
    for (const char* text :
         {"https://host/a/b.git", "http://host/b.git#main", "git://host/b", "ssh://git@host/b",
          "git@host:a/b", "user@host:b.git#x:y", "github.com/a/b", "https://host/b.git/?ref=x"})
      CHECK(parse_git_address(text).has_value());
    for (const char* text : {"./dir", "/abs/dir.git", "https://host/file.tar", "https://host/b.gitx", "a:b",
                             "", "docker-image://a@sha256:0", "dir@version/x:y"})
      CHECK_FALSE(parse_git_address(text).has_value());
  }

  TEST_CASE("the fragment is a ref and a directory, each of which may be missing") {
    CHECK(*parse_git_address("https://h/r.git#v1:docs/./x/") ==
          GitAddress{.repository = "https://h/r.git", .ref = "v1", .directory = "docs/x"});
    CHECK(*parse_git_address("https://h/r.git#:docs") ==
          GitAddress{.repository = "https://h/r.git", .directory = "docs"});
    CHECK(*parse_git_address("github.com/a/b#main") ==
          GitAddress{.repository = "https://github.com/a/b", .ref = "main"});
    CHECK(parse_git_address("https://h/r.git#:../../etc")->directory == "etc");
    CHECK_THROWS_WITH_AS((void)parse_git_address("https://h/r.git#--upload-pack=x"),
                         "'--upload-pack=x' is not the name of a branch, a tag or a commit",
                         compose::base::Error);
  }

  TEST_CASE("a query says the same by name, and more") {
    CHECK(*parse_git_address(
              "https://h/r.git?branch=a&subdir=d&checksum=0ab&keep-git-dir=1&submodules=false") ==
          GitAddress{.repository = "https://h/r.git",
                     .ref = "refs/heads/a",
                     .directory = "d",
                     .checksum = "0ab",
                     .keep_git_directory = true,
                     .submodules = false});
    CHECK(parse_git_address("https://h/r.git?tag=v1")->ref == "refs/tags/v1");
    CHECK_THROWS_WITH_AS((void)parse_git_address("https://h/r.git?depth=1"),
                         "the query of a git repository has no 'depth'", compose::base::Error);
  }

  TEST_CASE("a context is known by its spelling") {
    CHECK(parse_context("/a/b") == NamedContext{ContextKind::directory, "/a/b"});
    CHECK(parse_context("docker-image://alpine:3") == NamedContext{ContextKind::image, "alpine:3"});
    CHECK(parse_context("oci-layout:///l:tag") == NamedContext{ContextKind::oci_layout, "/l:tag"});
    CHECK(parse_context("service:web") == NamedContext{ContextKind::request, "web"});
    CHECK(parse_context("https://h/r.git#x").kind == ContextKind::git);
    CHECK(parse_context("https://h/context.tar.gz").kind == ContextKind::download);
  }

  TEST_CASE("an image of a layout is named by tag, by digest or not at all") {
    CHECK(parse_layout_image("/a/b") == LayoutImage{"/a/b", "", ""});
    CHECK(parse_layout_image("/a:1/b:tag") == LayoutImage{"/a:1/b", "tag", ""});
    CHECK(parse_layout_image("/a@sha256:12") == LayoutImage{"/a", "", "sha256:12"});
  }

  TEST_CASE("the secret for a server comes before the one for all, and only HTTP has one") {
    const auto access = [](const char* address, const std::map<std::string, std::string>& secrets) {
      return git_access(*parse_git_address(address), {{"default", "/agent"}}, secrets);
    };
    const std::map<std::string, std::string> secrets{{"GIT_AUTH_TOKEN", "all\n"},
                                                     {"GIT_AUTH_TOKEN.here.test", "here"},
                                                     {"GIT_AUTH_HEADER.here.test:81", "Bearer 81"}};
    CHECK(access("https://other.test/x.git", secrets) ==
          GitAccess{"/agent", "Basic eC1hY2Nlc3MtdG9rZW46YWxs"});
    CHECK(access("https://here.test:80/x.git", secrets).authorization ==
          "Basic eC1hY2Nlc3MtdG9rZW46aGVyZQ==");
    CHECK(access("http://here.test:81/x.git", secrets).authorization == "Bearer 81");
    CHECK(access("git@here.test:x.git", secrets) == GitAccess{"/agent", ""});
    CHECK(access("https://other.test/x.git", {}).authorization.empty());
  }
}
