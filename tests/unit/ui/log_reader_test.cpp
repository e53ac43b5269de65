#include "compose/ui/log_reader.hpp"

#include <fcntl.h>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/text.hpp"

using namespace compose;
using ui::LogReader;

namespace {

struct Log {
  base::TemporaryDirectory directory;
  base::HostPath file = directory.path() / "container.log";
  int second = 0;

  void append(const std::string& text, const char* stream = "stdout", char tag = 'F') {
    const auto fd = base::sys::open(file, O_WRONLY | O_APPEND | O_CREAT, 0600);
    const auto digits = base::text("{}", 100 + second++).substr(1);
    base::sys::write_all(fd.get(),
                         base::text("2026-01-02T03:04:{}.000000000Z {} {} {}\n", digits, stream, tag, text));
  }
  base::HostPath rotated(int n) const { return base::HostPath{base::text("{}.{}", file.str(), n)}; }
  void rotate() {
    for (int n = 5; n > 0; --n)
      if (base::sys::exists(rotated(n))) base::sys::rename(rotated(n), rotated(n + 1));
    base::sys::rename(file, rotated(1));
  }
};

std::string all(LogReader& reader) {
  std::string text;
  while (const auto line = reader.next()) text += (text.empty() ? "" : ",") + line->text;
  return text;
}

}  // namespace

TEST_SUITE("ui/log_reader") {
  TEST_CASE("lines come in order, with their stream and time") {
    Log log;
    log.append("one");
    log.append("two", "stderr");
    LogReader reader{log.file};
    CHECK(reader.next()->text == "one");
    const auto two = reader.next();
    CHECK(two->error);
    CHECK(two->time == "2026-01-02T03:04:01.000000000Z");
    CHECK_FALSE(reader.next());
    log.append("three");
    CHECK(all(reader) == "three");
  }

  TEST_CASE("where it is told to stop a line may be unfinished, and goes on elsewhere") {
    Log log;
    log.append("one");
    log.append("be", "stdout", 'P');
    log.append("gin", "stdout");
    log.append("two");
    LogReader reader{log.file};
    reader.stop_behind("2026-01-02T03:04:01.000000000Z");
    CHECK(all(reader) == "one");
    CHECK_FALSE(reader.next());
    auto unfinished = reader.unfinished();
    CHECK(unfinished.rest()->text == "be");
  }

  TEST_CASE("pieces of a long line are put together, each stream for itself") {
    Log log;
    log.append("be", "stdout", 'P');
    log.append("err", "stderr");
    log.append("gin", "stdout");
    LogReader reader{log.file};
    CHECK(all(reader) == "err,begin");
  }

  TEST_CASE("reading goes through rotation, also when several happen between two looks") {
    Log log;
    log.append("a");
    LogReader reader{log.file};
    CHECK(all(reader) == "a");
    log.append("b");
    log.rotate();
    log.append("c");
    log.rotate();
    log.append("d");
    CHECK(all(reader) == "b,c,d");
    LogReader later{log.file};
    CHECK(all(later) == "a,b,c,d");
  }

  TEST_CASE("a tail counts back over rotated files") {
    Log log;
    for (const auto* line : {"a", "b", "c"}) log.append(line);
    log.rotate();
    log.append("d");
    for (const auto& [count, expected] : std::vector<std::pair<std::size_t, std::string>>{
             {0, ""}, {1, "d"}, {2, "c,d"}, {4, "a,b,c,d"}, {100, "a,b,c,d"}}) {
      LogReader reader{log.file};
      reader.seek_tail(count);
      CHECK(all(reader) == expected);
    }
  }

  TEST_CASE("reading begins behind a time, wherever in a long rotated log that is") {
    Log log;
    constexpr int k_records = 6000;
    const auto time_of = [](int n) { return base::text("2026-01-02T03:04:05.{}Z", 100'000'000 + n); };
    for (int n = 0; n < k_records; ++n) {
      if (n == 1000) log.rotate();
      std::string record = base::text("{} stdout F {}", time_of(n), n);
      record.append(n % 100 == 0 ? 300U : 40U, 'x');
      const auto fd = base::sys::open(log.file, O_WRONLY | O_APPEND | O_CREAT, 0600);
      base::sys::write_all(fd.get(), record + "\n");
    }
    const auto first_after = [&](const std::string& time) {
      LogReader reader{log.file};
      reader.seek_after(time);
      const auto line = reader.next();
      return line ? line->text.substr(0, line->text.find('x')) : "none";
    };
    CHECK(first_after("2025") == "0");
    for (const int n : {0, 1, 998, 999, 1000, 1001, 2345, 3999, 4000, 5998})
      CHECK(first_after(time_of(n)) == base::text("{}", n + 1));
    CHECK(first_after(time_of(k_records - 1)) == "none");
  }

  TEST_CASE("damaged lines and a missing file are nothing") {
    Log log;
    LogReader missing{log.file};
    CHECK_FALSE(missing.next());
    base::write_file_atomically(
        log.file, "rubbish\n2026-01-02T03:04:05Z stdout X y\n2026-01-02T03:04:05Z stdout F good\n");
    CHECK(all(missing) == "good");
  }

  TEST_CASE("a last line without its end is the rest") {
    Log log;
    log.append("half", "stdout", 'P');
    LogReader reader{log.file};
    CHECK_FALSE(reader.next());
    CHECK(reader.rest()->text == "half");
    CHECK_FALSE(reader.rest());
  }
}
