#pragma once
// How much may be written below a directory, and what is said when that is not enough. Whoever writes an
// image leaves a part of the disk to everybody else.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/path.hpp"

namespace compose::images {

inline constexpr std::uint64_t k_reserve = 64U << 20U;

struct Room {
  std::string place;        // a path
  std::uint64_t bytes = 0;  // what may be written: what is free, less the reserve
  std::uint64_t free = 0;   // bytes
  std::uint64_t files = 0;  // that can be made
  // Error: there is not enough of it. `what`: "to unpack the archive".
  [[noreturn]] void refuse(std::string_view what) const;
};

Room room_in(const base::HostPath& directory);
Room room_in(int directory);

// The error of a disk that is full, with what there is below `directory` (other errors stay as they are).
[[noreturn]] void rethrow_with_room(const base::SysError& error, const base::HostPath& directory);

template <class F>
decltype(auto) telling_room(const base::HostPath& directory, F&& f) {
  try {
    return f();
  } catch (const base::SysError& e) {
    rethrow_with_room(e, directory);
  }
}

}  // namespace compose::images
