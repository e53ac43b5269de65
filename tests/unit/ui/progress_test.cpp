#include "compose/ui/progress.hpp"

#include <functional>

#include <doctest/doctest.h>

#include "base/sys.hpp"

using namespace compose;
using Phase = sched::Progress::Phase;

namespace {

std::string shown(const std::function<std::unique_ptr<ui::ProgressView>(const ui::ProgressSettings&)>& make,
                  bool dry_run = false) {
  auto pipe = base::sys::make_pipe();
  const auto view = make({.fd = pipe.write_end.get(), .verb = "up", .dry_run = dry_run});
  view->update("Container t-web-1", Phase::working, "Starting", "");
  view->update("Container t-web-1", Phase::done, "Started", "");
  view->update("Network t_default", Phase::error, "Error", "no \"room\"");
  view->finish();
  pipe.write_end.reset();
  return base::sys::read_to_end(pipe.read_end.get(), 1 << 20);
}

}  // namespace

TEST_SUITE("ui/progress") {
  TEST_CASE("plain is one line for each change") {
    CHECK(
        shown(ui::make_plain_progress) ==
        " Container t-web-1 Starting \n Container t-web-1 Started \n Network t_default Error no \"room\"\n");
    CHECK(shown(ui::make_plain_progress, true).starts_with("DRY-RUN MODE -  Container t-web-1 Starting \n"));
  }

  TEST_CASE("json is one object a line") {
    CHECK(shown(ui::make_json_progress) ==
          R"({"id":"Container t-web-1","status":"Working","text":"Starting"}
{"id":"Container t-web-1","status":"Done","text":"Started"}
{"id":"Network t_default","status":"Error","text":"Error","details":"no \"room\""}
)");
  }

  TEST_CASE("what happened stays on a narrow terminal, names and details are cut") {
    const ui::ProgressWords words{"Container t-web-1", "Error", "no such image"};
    CHECK(ui::progress_line(words, 20, 60) == "Container t-web-1     Error no such image                   ");
    CHECK(ui::progress_line(words, 17, 30) == "Container t-web-1  Error no s…");
    CHECK(ui::progress_line(words, 17, 20) == "Container t-…  Error");
    CHECK(ui::progress_line(words, 17, 8) == "…  Error");
    CHECK(ui::progress_line(words, 17, 7) == "Error  ");
    CHECK(ui::progress_line(words, 17, 5) == "Error");
    CHECK(ui::progress_line(words, 17, 4) == "Err…");
    CHECK(ui::progress_line({.object = "Network n", .text = "Created"}, 12, 22) == "Network n     Created ");
  }

  TEST_CASE("quiet is nothing") {
    CHECK(shown([](const auto&) { return ui::make_quiet_progress(); }).empty());
  }

  TEST_CASE("the block of a terminal ends with everything in its last state") {
    base::SystemClock clock;
    const auto text = shown([&](const auto& settings) { return ui::make_tty_progress(settings, clock); });
    CHECK(text.find("[+] up 2/2") != std::string::npos);
    CHECK(text.find(" ✔ Container t-web-1  Started") != std::string::npos);
    CHECK(text.find(" ✘ Network t_default  Error no \"room\"") != std::string::npos);
  }
}
