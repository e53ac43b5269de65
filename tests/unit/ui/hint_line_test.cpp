#include "compose/ui/hint_line.hpp"

#include <fcntl.h>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose;

TEST_SUITE("ui/hint_line") {
  TEST_CASE("a hint makes room for what is printed, and comes again after it, while it is shown") {
    const base::TemporaryDirectory directory;
    const auto file = directory.path() / "screen";
    const auto screen = base::sys::open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    {
      ui::HintLine hint{screen.get(), "d Detach"};
      hint.make_room();
      hint.draw();
      CHECK(base::read_file(file).empty());
      hint.show();
      hint.draw();
      CHECK(base::read_file(file) == "d Detach");
      hint.make_room();
      hint.make_room();
      base::sys::write_all(screen.get(), "a line\n");
      hint.draw();
      CHECK(base::read_file(file) == "d Detach\r\x1b[2Ka line\nd Detach");
    }
    CHECK(base::read_file(file) == "d Detach\r\x1b[2Ka line\nd Detach\r\x1b[2K");
  }
}
