#include "images/registry/retry.hpp"

#include <doctest/doctest.h>

using namespace compose::images;
using namespace std::chrono_literals;

TEST_SUITE("images/registry/retry") {
  TEST_CASE("waits double up to the longest") {
    const RetryPolicy policy{.attempts = 9, .first_wait = 100ms, .longest_wait = 1s};
    CHECK(wait_before(policy, 1, std::nullopt) == 0ms);
    CHECK(wait_before(policy, 2, std::nullopt) == 100ms);
    CHECK(wait_before(policy, 4, std::nullopt) == 400ms);
    CHECK(wait_before(policy, 9, std::nullopt) == 1s);
  }

  TEST_CASE("a server that asks for time gets it, within reason") {
    const RetryPolicy policy{.first_wait = 100ms, .longest_wait = 10s};
    CHECK(wait_before(policy, 2, 3s) == 3s);
    CHECK(wait_before(policy, 2, 1ms) == 100ms);
    CHECK(wait_before(policy, 2, 1h) == 10s);
  }

  TEST_CASE("Retry-After is seconds or a date") {
    const auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
    CHECK(parse_retry_after("120", now) == 120s);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now) == 30s);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now) == 0s);
    CHECK(parse_retry_after("4294967295", now) == 24h);
    CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now) == 24h);
    CHECK(parse_retry_after("Mon, 01 Jan 0001 00:00:00 GMT", now) == 0s);
    for (const char* text : {"", "-1", "soon", "1.5", "99999999999"})
      CHECK_FALSE(parse_retry_after(text, now));
  }

  TEST_CASE("only what may pass is asked again") {
    for (const unsigned status : {408U, 429U, 500U, 502U, 503U, 504U}) CHECK(worth_retrying(status));
    for (const unsigned status : {200U, 400U, 401U, 403U, 404U, 416U, 501U, 505U})
      CHECK_FALSE(worth_retrying(status));
  }
}
