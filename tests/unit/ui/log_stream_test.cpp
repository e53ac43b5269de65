#include "compose/ui/log_stream.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace compose;
using ui::LogStream;

namespace {

std::string told(LogStream& stream) {
  std::string text;
  while (const auto item = stream.next()) {
    if (!text.empty()) text += ",";
    if (const auto* line = std::get_if<ui::LogLine>(&*item)) text += (line->error ? "!" : "") + line->text;
    if (const auto* start = std::get_if<ui::StreamStart>(&*item)) text += "start at " + start->time;
    if (const auto* lost = std::get_if<ui::LostLines>(&*item)) text += base::text("{} lost", lost->count);
  }
  return text;
}

}  // namespace

TEST_SUITE("ui/log_stream") {
  TEST_CASE("a stream tells where it begins, its lines, and what was left out, however it is cut") {
    const std::string bytes =
        "T1 start F \nT2 stdout F one\nT3 stderr F two\nT4 lost F 17\nT5 stdout F three\n";
    const std::string expected = "start at T1,one,!two,17 lost,three";
    LogStream whole;
    whole.feed(bytes);
    CHECK(told(whole) == expected);
    LogStream cut;
    std::string text;
    for (const char c : bytes) {
      cut.feed({&c, 1});
      const auto more = told(cut);
      text += (text.empty() || more.empty() ? "" : ",") + more;
    }
    CHECK(text == expected);
  }

  TEST_CASE("of a line whose end was left out comes its beginning, before the number") {
    LogStream stream;
    stream.feed("T1 stdout P begin\nT2 lost F 1\nT3 stdout F next\n");
    CHECK(told(stream) == "begin,1 lost,next");
    stream.feed("T4 stderr P last");
    CHECK(told(stream).empty());
    CHECK_FALSE(stream.rest());
    stream.feed(" words\n");
    CHECK(told(stream).empty());
    CHECK(stream.rest()->text == "last words");
  }

  TEST_CASE("a line that began in the log goes on in the stream, and has both times") {
    ui::LogLines begun;
    CHECK_FALSE(begun.add({.time = "T1", .kind = "stdout", .partial = true, .text = "one "}));
    LogStream stream;
    stream.feed("T2 start F \nT3 stderr F aside\nT4 stdout F line\n");
    CHECK(told(stream) == "start at T2,!aside,line");
    stream.feed("T5 start F \n");
    CHECK(told(stream) == "start at T5");
    stream.go_on_with(std::move(begun));
    stream.feed("T6 stderr F aside\nT7 stdout F line\n");
    CHECK(std::get<ui::LogLine>(*stream.next()).end.empty());
    const auto whole = std::get<ui::LogLine>(*stream.next());
    CHECK(whole.text == "one line");
    CHECK(whole.time == "T1");
    CHECK(whole.end == "T7");
  }

  TEST_CASE("damaged records are nothing") {
    LogStream stream;
    stream.feed("\n \nT1\nT1 stdout\nT1 stdout X text\nT1 other F text\nT1 stdout F good\n");
    CHECK(told(stream) == "good");
  }
}
