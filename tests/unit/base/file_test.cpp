#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/sys.hpp"

using namespace compose::base;

TEST_SUITE("file") {
  TEST_CASE("what is written is read") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    CHECK_FALSE(read_file_if_exists(path));
    write_file_atomically(path, "content");
    CHECK(read_file(path) == "content");
    CHECK(read_file_if_exists(path) == "content");
    CHECK_THROWS_WITH_AS(read_file(directory.path()), doctest::Contains("Is a directory"), Error);
  }

  TEST_CASE("a pipe that nobody writes to is refused at once") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const auto message = "read '" + path.str() + "': it is a pipe and nobody writes to it";
    CHECK_THROWS_WITH_AS(read_file(path), message.c_str(), Error);
  }

  TEST_CASE("a pipe is read to its end, also when its writer has gone") {
    for (const std::string content : {"something", ""}) {
      auto pipe = sys::make_pipe();
      sys::write_all(pipe.write_end.get(), content);
      pipe.write_end.reset();
      CHECK(read_file(HostPath{"/dev/fd/" + std::to_string(pipe.read_end.get())}) == content);
    }
  }
}
