// What `config` prints loads again and prints the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "compose/loader/render_config.hpp"

namespace loader = compose::loader;

namespace {

std::string config_of(const std::string& text) {
  loader::LoadOptions options;
  options.files = {"-"};
  options.project_name = "fuzz";
  options.current_directory = "/proc/self/fdinfo/none";
  options.resolve_environment = false;
  options.read_standard_input = [&] { return text; };
  return loader::render_config(loader::load_project(options).project, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string first;
  try {
    first = config_of({reinterpret_cast<const char*>(data), size});
  } catch (const compose::base::Error&) {
    return 0;
  }
  std::string again;
  try {
    again = config_of(first);
  } catch (const compose::base::Error& e) {
    again = e.what();
  }
  if (again == first) return 0;
  std::fprintf(stderr, "--- first\n%s\n--- again\n%s\n", first.c_str(), again.c_str());
  std::abort();
}
