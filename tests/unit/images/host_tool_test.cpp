#include "images/host_tool.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;

TEST_SUITE("images/host_tool") {
  TEST_CASE("a program is found in the PATH, and one that is not there is named") {
    CHECK(images::find_program("sh").has_value());
    CHECK_THROWS_WITH_AS((void)images::require_program("no-such-program"),
                         "'no-such-program' is not in the PATH", base::Error);
  }

  TEST_CASE("what a program writes and how it ends come back") {
    const auto shell = images::require_program("sh");
    const auto result = images::run_tool(shell, {"-c", "pwd; echo \"$A\"; echo bad >&2; exit 3"}, {"A=1"},
                                         base::HostPath{"/"});
    CHECK(result.output == "/\n1\n");
    CHECK(result.errors == "bad");
    CHECK(result.status.code == 3);
    CHECK(images::run_tool(shell, {"-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"},
                           images::own_environment())
              .output.size() == 300000);
  }
}
