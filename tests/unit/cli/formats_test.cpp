#include "compose/cli/formats.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/sys.hpp"

using compose::base::Json;
using compose::cli::check_format;

TEST_SUITE("cli/formats") {
  struct Printed {
    bool done;
    std::string text;
  };

  Printed printed(const std::string& format, const std::vector<Json>& rows) {
    auto pipe = compose::base::sys::make_pipe();
    Printed result{};
    {
      compose::ui::Output out{pipe.write_end.get()};
      result.done = compose::cli::print_formatted(out, format, rows, {{"ID", "IMAGE ID"}});
    }
    pipe.write_end.reset();
    result.text = compose::base::sys::read_to_end(pipe.read_end.get(), 1000);
    return result;
  }

  TEST_CASE("rows are printed as JSON or through a template, and a table is left to the command") {
    const std::vector<Json> rows{{{"ID", "a"}, {"Size", 1}}, {{"ID", "b"}, {"Size", 2}}};
    CHECK(printed("json", rows).text == "[{\"ID\":\"a\",\"Size\":1},{\"ID\":\"b\",\"Size\":2}]\n");
    CHECK(printed("json", {}).text == "[]\n");
    CHECK(printed("{{.ID}}: {{.Size}}", rows).text == "a: 1\nb: 2\n");
    CHECK(printed("table {{.ID}}", rows).text.starts_with("IMAGE ID\na"));
    CHECK_FALSE(printed("table", rows).done);
    CHECK(printed("table", rows).text.empty());
  }

  TEST_CASE("objects are printed as JSON on lines of their own, through a template, or as the verb's table") {
    const auto lines = [](const std::string& format) {
      auto pipe = compose::base::sys::make_pipe();
      {
        compose::ui::Output out{pipe.write_end.get()};
        compose::cli::print_lines(
            out, format, "table {{.Name}}",
            {{.fields = {{"Name", "a"}}, .labels = {}}, {.fields = {{"Name", "b"}}, .labels = {}}},
            {{"Name", "WHO"}});
      }
      pipe.write_end.reset();
      return compose::base::sys::read_to_end(pipe.read_end.get(), 1000);
    };
    CHECK(lines("json") == "{\"Name\":\"a\"}\n{\"Name\":\"b\"}\n");
    CHECK(lines("{{.Name}}!") == "a!\nb!\n");
    CHECK(lines("table").starts_with("WHO\na"));
    CHECK(lines("table {{.Name}}:").starts_with("WHO:\na:"));
  }

  TEST_CASE("labels stand on one line") {
    CHECK(compose::cli::labels_text({{"b", "2"}, {"a", "1"}}) == "a=1,b=2");
    CHECK(compose::cli::labels_text({}).empty());
  }

  TEST_CASE("table, json and templates") {
    CHECK_NOTHROW(check_format("table"));
    CHECK_NOTHROW(check_format("json"));
    CHECK_NOTHROW(check_format("table {{.Name}}"));
    CHECK_THROWS_WITH_AS(check_format("yaml"),
                         "unsupported format \"yaml\": must be table, json or a template",
                         compose::cli::UsageError);
    CHECK_THROWS_WITH_AS(check_format("{{.Name"), "format:1:1: this action has no }}\n    {{.Name\n    ^",
                         compose::base::Error);
  }
}
