#include "runtime-shim/shim/idle_memory.hpp"

#include <charconv>
#include <malloc.h>
#include <string>
#include <string_view>
#include <sys/mman.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace compose::rt {
namespace {

std::string_view next_word(std::string_view& line, char end) {
  const auto at = line.find(end);
  const auto word = line.substr(0, at);
  line.remove_prefix(at == std::string_view::npos ? line.size() : at + 1);
  return word;
}

std::uintptr_t address(std::string_view digits) {
  std::uintptr_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::string_view rights;
  bool from_file = false;
};

// "00401000-0051b000 r-xp 00001000 fe:00 5309097 /path"; anonymous ones have inode 0.
Mapping parse(std::string_view line) {
  Mapping m;
  m.begin = address(next_word(line, '-'));
  m.end = address(next_word(line, ' '));
  m.rights = next_word(line, ' ');
  next_word(line, ' ');
  next_word(line, ' ');
  m.from_file = next_word(line, ' ') != "0";
  return m;
}

// Of other mappings a page may exist nowhere else: constants too have been written to when the program was
// relocated.
bool is_code(const Mapping& m) {
  return m.from_file && m.rights == "r-xp";
}
bool is_shared(const Mapping& m) {
  return m.from_file && m.rights.ends_with('s');
}

void give_back(std::string_view maps, bool (*wanted)(const Mapping&)) {
  while (!maps.empty()) {
    const Mapping m = parse(next_word(maps, '\n'));
    if (wanted(m) && m.begin < m.end)
      ::madvise(reinterpret_cast<void*>(m.begin), m.end - m.begin, MADV_DONTNEED);
  }
}

}  // namespace

void give_back_memory() noexcept {
  try {
    const auto maps = base::read_file_if_exists(base::HostPath{"/proc/self/maps"}, 64U << 10U).value_or("");
    give_back(maps, is_shared);
    ::malloc_trim(0);
    give_back(maps, is_code);  // last, so that little of it is used again
  } catch (const base::Error&) {
    // The container matters more than the memory.
  }
}

}  // namespace compose::rt
