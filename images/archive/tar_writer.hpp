#pragma once
// Writes tar: ustar headers, with a pax header in front where ustar cannot say it (nanoseconds, long names,
// big numbers, extended attributes). Our own because the bytes are an identity: the digest of a layer's tar
// names the layer, and the same directory must give the same bytes with every version of every library.
// Format: POSIX.1-2017 pax(1).
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "images/archive/byte_sink.hpp"

namespace compose::images {

enum class TarType : char {
  file = '0',
  hard_link = '1',
  symlink = '2',
  character = '3',
  block = '4',
  directory = '5',
  fifo = '6',
};

struct TarHeader {
  std::string path;  // relative, without "./"; a directory without trailing slash
  TarType type = TarType::file;
  std::uint32_t mode = 0644;  // permission bits with setuid, setgid and sticky
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t size = 0;  // of a file
  timespec modified{};
  std::string link;  // target of a link
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> attributes;
};

class TarWriter {
 public:
  explicit TarWriter(ByteSink& out) noexcept : out_(out) {}
  // For a file, exactly `size` bytes of data() follow.
  void header(const TarHeader& header);
  void data(std::string_view bytes);
  void finish();  // the two zero blocks

 private:
  ByteSink& out_;
  std::uint64_t left_ = 0;     // of the current file's data
  std::uint64_t padding_ = 0;  // after it
};

}  // namespace compose::images
