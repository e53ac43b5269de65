#include "images/room.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/units.hpp"

namespace compose::images {

void Room::refuse(std::string_view what) const {
  base::fail("not enough space in '{}' {}: {} are free, and {} must stay free", place, what,
             base::format_bytes_decimal(free), base::format_bytes_decimal(k_reserve));
}

void rethrow_with_room(const base::SysError& error, const base::HostPath& directory) {
  if (error.code() != ENOSPC && error.code() != EDQUOT) throw error;
  const auto room = room_in(directory);
  base::fail("{}: {} and {} more files are free in '{}'", error.what(), base::format_bytes_decimal(room.free),
             room.files, room.place);
}

Room room_in(int directory) {
  const auto left = base::sys::free_space(directory);
  return {.place = base::sys::read_link_at(AT_FDCWD, base::text("/proc/self/fd/{}", directory)),
          .bytes = left.bytes - std::min(left.bytes, k_reserve),
          .free = left.bytes,
          .files = left.files};
}

Room room_in(const base::HostPath& directory) {
  return room_in(base::sys::open(directory, O_PATH | O_DIRECTORY).get());
}

}  // namespace compose::images
