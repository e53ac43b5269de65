#include "compose/ui/log_merge.hpp"

#include <unistd.h>

#include <doctest/doctest.h>

#include "base/sys.hpp"

using namespace compose;

namespace {

ui::PastLog log_of(const std::string& name, std::vector<ui::LogLine> lines) {
  return {.name = name, .next = [lines = std::move(lines), at = 0U]() mutable -> std::optional<ui::LogLine> {
            return at == lines.size() ? std::nullopt : std::optional{lines[at++]};
          }};
}

}  // namespace

TEST_SUITE("ui/log_merge") {
  TEST_CASE("lines of many logs come by time, those of one time in the order of the logs") {
    auto pipe = base::sys::make_pipe();
    {
      ui::Output out{pipe.write_end.get()};
      ui::LogPrinter printer{out, out, {}};
      ui::print_merged(printer, {log_of("a", {{.time = "1", .text = "one"}, {.time = "4", .text = "four"}}),
                                 log_of("b", {}),
                                 log_of("c", {{.time = "1", .text = "eins"},
                                              {.time = "2", .text = "zwei"},
                                              {.time = "3", .text = "drei"}})});
    }
    pipe.write_end.reset();
    CHECK(base::sys::read_to_end(pipe.read_end.get(), 1000) ==
          "a | one\nc | eins\nc | zwei\nc | drei\na | four\n");
  }
}
