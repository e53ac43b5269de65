#pragma once
// container.log and its rotation: container.log.1 is the newest old file. No file passes the size, but for
// one line that is longer. Never blocks the container: what a full disk refuses is dropped and counted, and a
// torn line is ended before the next one.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

class LogWriter {
 public:
  // Opens at the first write; goes on after what is there.
  LogWriter(HostPath directory, LogSpec spec) : directory_(std::move(directory)), spec_(spec) {}

  void write(std::string_view lines) noexcept;
  [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return dropped_; }

 private:
  bool open();
  void rotate();
  [[nodiscard]] HostPath file(std::uint32_t age) const;
  [[nodiscard]] std::size_t fitting(std::string_view lines) const;
  bool write_part(std::string_view& lines);  // takes off what it has written; false: the rest is lost
  bool write_some(std::string_view& bytes);

  HostPath directory_;
  LogSpec spec_;
  base::UniqueFd fd_;
  std::uint64_t size_ = 0;
  std::uint64_t dropped_ = 0;
  bool torn_ = false;  // the file ends inside a line
};

}  // namespace compose::rt
