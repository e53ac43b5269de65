// A --format template over an object of each kind of value.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "compose/ui/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using compose::ui::Template;
  compose::ui::TemplateObject object;
  object.fields = {{"Name", "shop-web-1"},
                   {"Code", 3},
                   {"Up", true},
                   {"None", nullptr},
                   {"Ports", {{{"URL", "::"}, {"Port", 80}}, {{"URL", "127.0.0.1"}, {"Port", 8080}}}}};
  object.labels = {{"a.b", "c"}};
  try {
    const Template format{{reinterpret_cast<const char*>(data), size}};
    static_cast<void>(format.header());
    static_cast<void>(format.cells(object));
  } catch (const compose::base::Error&) {
  }
  return 0;
}
