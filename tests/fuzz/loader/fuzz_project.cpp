// A compose file from standard input, through every phase of the loader: an invalid file is an Error with a
// place, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "compose/loader/load_project.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  compose::loader::LoadOptions options;
  options.files = {"-"};
  options.project_name = "fuzz";
  // Nothing else is to be read: includes and env files of the input lead nowhere.
  options.current_directory = "/proc/self/fdinfo/none";
  options.environment = {{"A", "a"}, {"EMPTY", ""}};
  options.read_standard_input = [&] { return std::string{reinterpret_cast<const char*>(data), size}; };
  try {
    static_cast<void>(compose::loader::load_project(options));
  } catch (const compose::base::Error&) {
  }
  return 0;
}
