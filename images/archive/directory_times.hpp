#pragma once
// The times that directories get when everything is in them. An archive may name as many as it likes, so they
// wait in a file that has no name, beside what is unpacked.
#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <sys/types.h>

#include "base/unique_fd.hpp"

namespace compose::images {

struct DirectoryTime {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
  timespec modified{};
};

class DirectoryTimes {
 public:
  explicit DirectoryTimes(int directory) noexcept : directory_(directory) {}
  void add(const DirectoryTime& time);
  // In the order they were added. Nothing is added afterwards.
  void each(const std::function<void(const DirectoryTime&)>& f);

 private:
  void spill();

  int directory_;
  std::string pending_;
  base::UniqueFd file_;  // once there are many
};

}  // namespace compose::images
