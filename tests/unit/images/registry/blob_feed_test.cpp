#include "images/registry/blob_feed.hpp"

#include <fcntl.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose::images;
using namespace compose;

namespace {

struct Feed {
  base::TemporaryDirectory directory;
  base::UniqueFd out = base::sys::open(directory.path() / "blob", O_WRONLY | O_CREAT, 0600);
  base::sys::Pipe pipe = base::sys::make_pipe();
  std::optional<BlobMarks> marks{std::move(pipe.write_end)};
  GrowingBlob blob{base::sys::open(directory.path() / "blob", O_RDONLY), std::move(pipe.read_end)};
};

}  // namespace

TEST_SUITE("images/registry/blob_feed") {
  TEST_CASE("the reader gets what is there, and the end when it is right") {
    Feed feed;
    base::sys::write_all(feed.out.get(), "abcdef");
    feed.marks->available(2);
    feed.marks->available(3);
    CHECK(feed.blob.read() == "abc");
    feed.marks->complete(6);
    CHECK(feed.blob.read() == "def");
    CHECK(feed.blob.read().empty());
  }

  TEST_CASE("marks that nobody hears are no hindrance") {
    Feed feed;
    base::sys::write_all(feed.out.get(), "abc");
    for (int i = 0; i < 100'000; ++i) feed.marks->available(1);
    CHECK(feed.blob.read() == "a");
  }

  TEST_CASE("a writer that gives up is an error, not an end") {
    Feed feed;
    base::sys::write_all(feed.out.get(), "abc");
    feed.marks->available(3);
    feed.marks.reset();
    CHECK(feed.blob.read() == "abc");
    CHECK_THROWS_WITH_AS(static_cast<void>(feed.blob.read()), "the download ended early", base::Error);
  }
}
