#include "base/units.hpp"

#include <doctest/doctest.h>

using namespace compose::base;
using namespace std::chrono_literals;

TEST_SUITE("base/units") {
  TEST_CASE("sizes are 1024-based and take every spelling of the compose spec") {
    CHECK(parse_bytes("512") == 512);
    CHECK(parse_bytes("1k") == 1024);
    CHECK(parse_bytes("1.5g") == 1610612736);
    CHECK(parse_bytes("10 MB") == 10485760);
    CHECK(parse_bytes("2GiB") == 2147483648);
    CHECK(parse_bytes("-1") == -1);
    CHECK(parse_bytes("10x") == std::nullopt);
    CHECK(parse_bytes("") == std::nullopt);
    CHECK(parse_bytes(".") == std::nullopt);
  }
  TEST_CASE("durations read and print as Go's") {
    CHECK(parse_duration("1m30s") == 90s);
    CHECK(parse_duration("1.5h") == 90min);
    CHECK(parse_duration("1d") == 24h);
    CHECK(parse_duration("0") == 0s);
    CHECK(parse_duration("10") == std::nullopt);
    CHECK(format_duration(90s) == "1m30s");
    CHECK(format_duration(24h) == "24h0m0s");
    CHECK(format_duration(1500us) == "1.5ms");
    CHECK(format_duration(0s) == "0s");
  }
  TEST_CASE("ages read as in docker's tables") {
    CHECK(format_age(0s) == "Less than a second");
    CHECK(format_age(1s) == "1 second");
    CHECK(format_age(59s) == "59 seconds");
    CHECK(format_age(61s) == "About a minute");
    CHECK(format_age(61min) == "About an hour");
    CHECK(format_age(47h) == "47 hours");
    CHECK(format_age(49h) == "2 days");
  }
  TEST_CASE("sizes in tables have four significant digits, or three") {
    CHECK(format_bytes_binary(13'107'200) == "12.5MiB");
    CHECK(format_bytes_decimal(4096) == "4.096kB");
    CHECK(format_bytes_decimal(4096, 3) == "4.1kB");
    CHECK(format_bytes_decimal(999, 3) == "999B");
    CHECK(format_bytes_decimal(999'400, 3) == "999kB");
    CHECK(format_bytes_decimal(999'600, 3) == "1MB");
  }
  TEST_CASE("a time survives printing and reading") {
    const auto time = parse_time("2026-01-02T03:04:05.000000006Z");
    REQUIRE(time);
    CHECK(format_time(*time) == "2026-01-02T03:04:05.000000006Z");
    CHECK(parse_time("2026-01-02T05:04:05+02:00") == parse_time("2026-01-02T03:04:05Z"));
    CHECK(parse_time("yesterday") == std::nullopt);
    CHECK(parse_time("0001-01-01T00:00:00Z") == std::nullopt);
    CHECK(parse_time("9999-12-31T23:59:59.5+01:00") == std::nullopt);
    const auto before_1970 = parse_time("1969-12-31T23:59:58.25Z");
    REQUIRE(before_1970);
    CHECK(format_time(*before_1970) == "1969-12-31T23:59:58.250000000Z");
  }
}
