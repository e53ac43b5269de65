#include "runtime-shim/shim/log_writer.hpp"

#include <fcntl.h>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose;
using namespace compose::rt;

TEST_SUITE("runtime/shim/log_writer") {
  TEST_CASE("files rotate at the size and the oldest goes") {
    const base::TemporaryDirectory directory;
    LogWriter log{directory.path(), {.max_size = 10, .max_files = 3}};
    for (const char* line : {"aaaaaaa\n", "bbbbbbb\n", "ccccccc\n", "ddddddd\n"}) log.write(line);
    CHECK(base::read_file(directory.path() / "container.log") == "ddddddd\n");
    CHECK(base::read_file(directory.path() / "container.log.1") == "ccccccc\n");
    CHECK(base::read_file(directory.path() / "container.log.2") == "bbbbbbb\n");
    CHECK_FALSE(base::sys::exists(directory.path() / "container.log.3"));
  }

  TEST_CASE("one file alone is replaced by a new one, and whoever reads it still has the old one") {
    const base::TemporaryDirectory directory;
    LogWriter log{directory.path(), {.max_size = 10, .max_files = 1}};
    log.write("aaaaaaa\n");
    const auto old = base::sys::open(directory.path() / "container.log", O_RDONLY);
    log.write("bbbbbbb\n");
    CHECK(base::sys::read_to_end(old.get(), 100) == "aaaaaaa\n");
    CHECK(base::list_directory(directory.path()) == std::vector<std::string>{"container.log"});
    CHECK(base::read_file(directory.path() / "container.log") == "bbbbbbb\n");
  }

  TEST_CASE("a batch of lines is cut where a file is full, and a line that is longer has a file for itself") {
    const base::TemporaryDirectory directory;
    const auto content = [&directory](const char* name) { return base::read_file(directory.path() / name); };
    LogWriter log{directory.path(), {.max_size = 10, .max_files = 5}};
    log.write("aaa\nbbb\nccc\nddddddddddddddd\neeeeeeeee\nf\n");
    CHECK(content("container.log.4") == "aaa\nbbb\n");
    CHECK(content("container.log.3") == "ccc\n");
    CHECK(content("container.log.2") == "ddddddddddddddd\n");
    CHECK(content("container.log.1") == "eeeeeeeee\n");
    CHECK(content("container.log") == "f\n");
    log.write("ggg\n");
    CHECK(content("container.log") == "f\nggg\n");
    CHECK(log.dropped_bytes() == 0);
  }

  TEST_CASE("what a writer before has left counts") {
    const base::TemporaryDirectory directory;
    LogWriter{directory.path(), {}}.write("aaaaaaa\n");
    LogWriter{directory.path(), {.max_size = 10, .max_files = 2}}.write("bbb\nccc\n");
    CHECK(base::read_file(directory.path() / "container.log.1") == "aaaaaaa\n");
    CHECK(base::read_file(directory.path() / "container.log") == "bbb\nccc\n");
  }

  TEST_CASE("a file that cannot be rotated goes on growing") {
    const base::TemporaryDirectory directory;
    base::sys::make_directories(directory.path() / "container.log.1" / "in the way", 0700);
    LogWriter log{directory.path(), {.max_size = 4, .max_files = 2}};
    log.write("aaa\nbbb\nccc\n");
    CHECK(base::read_file(directory.path() / "container.log") == "aaa\nbbb\nccc\n");
    CHECK(log.dropped_bytes() == 0);
  }

  TEST_CASE("it goes on after what is there") {
    const base::TemporaryDirectory directory;
    LogWriter{directory.path(), {}}.write("one\n");
    LogWriter{directory.path(), {}}.write("two\n");
    CHECK(base::read_file(directory.path() / "container.log") == "one\ntwo\n");
  }

  TEST_CASE("what cannot be written is counted, not waited for") {
    LogWriter log{base::HostPath{"/proc/nowhere"}, {}};
    log.write("12345\n");
    CHECK(log.dropped_bytes() == 6);
    LogWriter off{base::HostPath{"/proc/nowhere"}, {.enabled = false}};
    off.write("12345\n");
    CHECK(off.dropped_bytes() == 0);
  }
}
