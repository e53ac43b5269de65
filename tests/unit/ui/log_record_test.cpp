#include "compose/ui/log_record.hpp"

#include <doctest/doctest.h>

using namespace compose;
using ui::parse_log_record;

TEST_SUITE("ui/log_record") {
  TEST_CASE("a record has a time, a kind, a tag and a text, which may be empty or begin with blanks") {
    const auto record = parse_log_record("T stderr P  two blanks");
    REQUIRE(record);
    CHECK(record->time == "T");
    CHECK(record->kind == "stderr");
    CHECK(record->partial);
    CHECK(record->text == " two blanks");
    CHECK(parse_log_record("T stdout F")->text.empty());
    CHECK(parse_log_record("T stdout F ")->text.empty());
    for (const auto* damaged : {"", " ", "T", "T stdout", "T stdout ", "T stdout Q text"})
      CHECK_FALSE(parse_log_record(damaged));
  }

  TEST_CASE("the time of a line is that of its first piece; each stream has its own pieces") {
    ui::LogLines lines;
    CHECK_FALSE(lines.add(*parse_log_record("T1 stdout P be")));
    CHECK(lines.add(*parse_log_record("T2 stderr F other"))->text == "other");
    const auto line = lines.add(*parse_log_record("T3 stdout F gin"));
    CHECK(line->text == "begin");
    CHECK(line->time == "T1");
    CHECK_FALSE(lines.rest());
    CHECK_FALSE(lines.add(*parse_log_record("T4 lost F 3")));
  }
}
