#include <doctest/doctest.h>

#include "base/error.hpp"
#include "images/archive/byte_sink.hpp"
#include "images/archive/byte_source.hpp"
#include "images/archive/tar_reader.hpp"
#include "images/archive/tar_writer.hpp"

using namespace compose;
using namespace compose::images;

namespace {

class StringSink final : public ByteSink {
 public:
  std::string bytes;
  void write(std::string_view part) override { bytes += part; }
};

TarHeader round_trip(const TarHeader& header) {
  StringSink sink;
  TarWriter writer{sink};
  writer.header(header);
  if (header.type == TarType::file) writer.data(std::string(header.size, 'x'));
  writer.finish();
  CHECK(sink.bytes.size() % 512 == 0);
  MemorySource source{sink.bytes};
  TarReader reader{source};
  const auto read = reader.next();
  REQUIRE(read.has_value());
  CHECK_FALSE(reader.next().has_value());
  return *read;
}

}  // namespace

TEST_SUITE("images/archive/tar") {
  TEST_CASE("what the writer writes the reader reads") {
    TarHeader header{.path = "dir/file",
                     .mode = 04755,
                     .uid = 1000,
                     .gid = 1001,
                     .size = 700,
                     .modified = {.tv_sec = 1'700'000'000, .tv_nsec = 123'456'789}};
    header.attributes["security.capability"] = std::string("\x01\x00\x00\x02z", 5);
    header.attributes["user.x"] = "y";
    const auto read = round_trip(header);
    CHECK(read.path == "dir/file");
    CHECK(read.mode == 04755);
    CHECK(read.uid == 1000);
    CHECK(read.gid == 1001);
    CHECK(read.size == 700);
    CHECK(read.modified.tv_sec == 1'700'000'000);
    CHECK(read.modified.tv_nsec == 123'456'789);
    CHECK(read.attributes == header.attributes);
  }

  TEST_CASE("long names, long links, big numbers and odd times survive") {
    const std::string long_name =
        std::string(90, 'a') + "/" + std::string(90, 'b') + "/" + std::string(200, 'c');
    CHECK(round_trip({.path = long_name}).path == long_name);
    const std::string split = std::string(120, 'p') + "/" + std::string(99, 'n');
    CHECK(round_trip({.path = split}).path == split);
    CHECK(round_trip({.path = "l", .type = TarType::symlink, .link = long_name}).link == long_name);
    CHECK(round_trip({.path = "h", .type = TarType::hard_link, .link = "target"}).type == TarType::hard_link);
    CHECK(round_trip({.path = "u", .uid = 4'000'000'000U}).uid == 4'000'000'000U);
    CHECK(round_trip({.path = "na\xC3\xAFve"}).path == "na\xC3\xAFve");
    const auto early = round_trip({.path = "t", .modified = {.tv_sec = -2, .tv_nsec = 500'000'000}});
    CHECK(early.modified.tv_sec == -2);
    const auto device =
        round_trip({.path = "d", .type = TarType::block, .device_major = 8, .device_minor = 3});
    CHECK(device.device_major == 8);
    CHECK(device.device_minor == 3);
    CHECK(round_trip({.path = "f", .type = TarType::fifo}).type == TarType::fifo);
    CHECK(round_trip({.path = "d", .type = TarType::directory}).type == TarType::directory);
  }

  TEST_CASE("a file that is shorter or longer than its header says is an error") {
    StringSink sink;
    TarWriter writer{sink};
    writer.header({.path = "f", .size = 3});
    CHECK_THROWS_WITH_AS(writer.data("four"), "write to the archive: a file grew while it was read",
                         base::Error);
    CHECK_THROWS_WITH_AS(writer.header({.path = "g"}),
                         "write 'g' to the archive: the file before it is 3 bytes short", base::Error);
  }

  TEST_CASE("damage is an error") {
    StringSink sink;
    TarWriter writer{sink};
    writer.header({.path = "f", .size = 2000});
    writer.data(std::string(2000, 'x'));
    writer.finish();
    SUBCASE("a wrong checksum") {
      sink.bytes[0] = 'g';
      MemorySource source{sink.bytes};
      CHECK_THROWS_AS(
          [&] {
            TarReader reader{source};
            (void)reader.next();
          }(),
          base::Error);
    }
    SUBCASE("a cut in the data") {
      const auto cut = sink.bytes.substr(0, 1000);
      MemorySource source{cut};
      TarReader reader{source};
      (void)reader.next();
      CHECK_THROWS_AS(
          [&] {
            while (reader.data()) {
            }
          }(),
          base::Error);
    }
    SUBCASE("no tar at all") {
      MemorySource source{"hello, this is not a tar"};
      CHECK_THROWS_AS(
          [&] {
            TarReader reader{source};
            (void)reader.next();
          }(),
          base::Error);
    }
  }
}
