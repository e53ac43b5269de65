#include "compose/ui/log_printer.hpp"

#include <csignal>

#include <doctest/doctest.h>

#include "base/sys.hpp"

using namespace compose;

namespace {

struct Screen {
  base::sys::Pipe out = base::sys::make_pipe();
  base::sys::Pipe err = base::sys::make_pipe();
  ui::Output out_buffer{out.write_end.get()};
  ui::Output err_buffer{err.write_end.get()};

  static std::string read(base::sys::Pipe& pipe) {
    pipe.write_end.reset();
    return base::sys::read_to_end(pipe.read_end.get(), 1 << 20);
  }
};

const ui::LogLine k_hello{"2026-01-02T03:04:05.000000000Z", false, "hello"};
const ui::LogLine k_oops{"2026-01-02T03:04:06.000000000Z", true, "oops"};

}  // namespace

TEST_SUITE("ui/log_printer") {
  TEST_CASE("names are padded to the longest and one blank") {
    Screen screen;
    ui::LogPrinter printer{screen.out_buffer, screen.err_buffer, {}};
    printer.know("web-1", "web");
    printer.know("gateway-1", "gateway");
    printer.print("web-1", k_hello);
    printer.print("gateway-1", k_hello);
    printer.print("web-1", k_oops);
    printer.flush();
    CHECK(Screen::read(screen.out) == "web-1      | hello\ngateway-1  | hello\n");
    CHECK(Screen::read(screen.err) == "web-1      | oops\n");
  }

  TEST_CASE("times and colours are added where they are asked for") {
    Screen screen;
    ui::LogPrinter printer{screen.out_buffer, screen.err_buffer, {.timestamps = true, .colour = true}};
    printer.know("web-1", "web");
    printer.print("web-1", k_hello);
    printer.flush();
    CHECK(Screen::read(screen.out) == "\x1b[36mweb-1  | \x1b[0m2026-01-02T03:04:05.000000000Z hello\n");
  }

  TEST_CASE("without prefix the line stands alone, and others are asked to make room") {
    Screen screen;
    int asked = 0;
    ui::LogPrinter printer{screen.out_buffer, screen.err_buffer, {.prefix = false}};
    printer.before_printing([&] { ++asked; });
    printer.print("web-1", k_hello);
    printer.note("web-1 exited with code 0");
    printer.flush();
    CHECK(Screen::read(screen.out) == "hello\nweb-1 exited with code 0\n");
    CHECK(asked == 2);
  }

  TEST_CASE("a reader that went away is told apart from an error") {
    ::signal(SIGPIPE, SIG_IGN);  // as main() does
    Screen screen;
    screen.out.read_end.reset();
    screen.out_buffer.write("x");
    CHECK_THROWS_AS(screen.out_buffer.flush(), ui::ReaderGone);
  }
}
