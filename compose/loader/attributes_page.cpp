// attributes_page DIRECTORY: writes supported-attributes.md and supported-attributes.json there.
#include <cstdio>

#include "base/file.hpp"
#include "compose/loader/supported_attributes.hpp"

int main(int count, char** words) {
  namespace base = compose::base;
  if (count != 2) {
    std::fputs("usage: attributes_page DIRECTORY\n", stderr);
    return 2;
  }
  try {
    const base::HostPath directory{words[1]};
    base::write_file_atomically(directory / "supported-attributes.md",
                                compose::loader::supported_attributes_page());
    base::write_file_atomically(directory / "supported-attributes.json",
                                compose::loader::supported_attributes_json());
    return 0;
  } catch (const base::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
