#include "compose/cli/build_view.hpp"

#include <doctest/doctest.h>

#include "compose/ui/progress.hpp"

using namespace compose;

namespace {

class RecordingView final : public ui::ProgressView {
 public:
  std::string log;
  void update(const std::string& object, Phase phase, const std::string& text,
              const std::string& details) override {
    log += object + "|" +
           (phase == Phase::done      ? "done"
            : phase == Phase::working ? "working"
                                      : "other") +
           "|" + text + "|" + details + "\n";
  }
};

}  // namespace

TEST_SUITE("cli/build_view") {
  TEST_CASE("the last line is what a terminal would show of it") {
    CHECK(cli::last_line_of("one\ntwo\n") == "two");
    CHECK(cli::last_line_of("10%\r20%\r") == "20%");
    CHECK(cli::last_line_of("\x1b[31mred\x1b[0m\tend\x07") == "red end");
    CHECK(cli::last_line_of("\x1b[31") == "");
    CHECK(cli::last_line_of("") == "");
  }

  TEST_CASE("each step is a row with the last line of its output") {
    RecordingView view;
    cli::LiveBuildProgress progress{view};
    progress.step_started(1, {.label = "[a 1/1]", .text = "RUN " + std::string(80, 'x')});
    progress.step_output(1, "first\nsec");
    progress.step_output(1, "ond\n");
    progress.step_output(1, "third\n");
    progress.step_ended(1, images::StepEnd::done, {}, "");
    const std::string row = "#1 [a 1/1] RUN " + std::string(49, 'x') + "...";
    CHECK(view.log == row + "|working||\n" + row + "|working||sec\n" + row + "|working||second\n" + row +
                          "|working||third\n" + row + "|done|Done|\n");
  }
}
