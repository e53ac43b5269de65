#include "runtime-shim/shim/log_framing.hpp"

#include <doctest/doctest.h>

using namespace compose::rt;

namespace {

constexpr std::int64_t k_time = 1'700'000'000'123'456'789;
const std::string k_stamp = "2023-11-14T22:13:20.123456789Z stdout ";

std::string frame(std::initializer_list<std::string> reads, bool finish = false) {
  LogFraming framing{"stdout"};
  std::string out;
  for (const auto& bytes : reads) framing.feed(bytes, k_time, out);
  if (finish) framing.finish(k_time, out);
  return out;
}

}  // namespace

TEST_SUITE("runtime/shim/log_framing") {
  TEST_CASE("complete lines are stamped one by one, empty ones too") {
    CHECK(frame({"one\n\ntwo\n"}) == k_stamp + "F one\n" + k_stamp + "F \n" + k_stamp + "F two\n");
  }

  TEST_CASE("a line in pieces is one line") {
    CHECK(frame({"he", "llo\nwor", "ld\n"}) == k_stamp + "F hello\n" + k_stamp + "F world\n");
  }

  TEST_CASE("a line without an end waits for the end of the stream") {
    CHECK(frame({"prompt> "}).empty());
    CHECK(frame({"prompt> "}, true) == k_stamp + "F prompt> \n");
    CHECK(frame({}, true).empty());
  }

  TEST_CASE("a long line is cut into pieces of 16 KiB") {
    const std::string piece(k_longest_log_piece, 'x');
    CHECK(frame({piece + "y\n"}) == k_stamp + "P " + piece + "\n" + k_stamp + "F y\n");
    CHECK(frame({piece + "\n"}) == k_stamp + "F " + piece + "\n");
    CHECK(frame({piece + piece + "y"}, true) ==
          k_stamp + "P " + piece + "\n" + k_stamp + "P " + piece + "\n" + k_stamp + "F y\n");
    CHECK(frame({"x", piece + "\n"}) == k_stamp + "P " + piece + "\n" + k_stamp + "F x\n");
  }

  TEST_CASE("bytes are bytes") {
    CHECK(frame({std::string("\xff\0\x1b[0m\n", 7)}) == k_stamp + std::string("F \xff\0\x1b[0m\n", 9));
  }
}
