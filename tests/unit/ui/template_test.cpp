#include "compose/ui/template.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using compose::ui::Template;
using compose::ui::TemplateObject;

namespace {

TemplateObject web() {
  TemplateObject object;
  object.fields = {{"Name", "shop-web-1"},
                   {"State", "running"},
                   {"Odd", "a\"b\n"},
                   {"ExitCode", 0},
                   {"Networks", "front,back"},
                   {"Publishers",
                    {{{"URL", "0.0.0.0"}, {"TargetPort", 80}, {"PublishedPort", 8080}, {"Protocol", "tcp"}},
                     {{"URL", "::"}, {"TargetPort", 443}, {"PublishedPort", 8443}, {"Protocol", "tcp"}}}}};
  object.labels = {{"com.example.team", "shop"}};
  return object;
}

std::string rendered(const char* format) {
  return Template{format}.render(web());
}

std::string error_of(const char* format) {
  try {
    static_cast<void>(Template{format}.render(web()));
  } catch (const compose::base::Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("ui/template") {
  TEST_CASE("fields and text are put together") {
    CHECK(rendered("{{.Name}} is {{ .State }}") == "shop-web-1 is running");
    CHECK(rendered(R"({{.Name}}\t{{.State}}\n)") == "shop-web-1\trunning\n");
    CHECK(rendered("") == "");
    CHECK(rendered("{{$.Name}} {{\"text\"}} {{`raw\\n`}} {{5}} {{-2.5}} {{true}}") ==
          "shop-web-1 text raw\\n 5 -2.5 true");
  }

  TEST_CASE("functions, pipelines and parentheses") {
    CHECK(rendered("{{upper .State}} {{.State | title | printf \"<%s>\"}}") == "RUNNING <Running>");
    CHECK(rendered(R"({{json .Odd}} {{(index .Publishers 1).URL}})") == R"("a\"b\n" ::)");
    CHECK(rendered("{{len (split .Networks \",\")}} {{join (split .Networks \",\") \"+\"}}") ==
          "2 front+back");
    CHECK(rendered("{{json .Publishers}}") ==
          R"([{"URL":"0.0.0.0","TargetPort":80,"PublishedPort":8080,"Protocol":"tcp"},)"
          R"({"URL":"::","TargetPort":443,"PublishedPort":8443,"Protocol":"tcp"}])");
    CHECK(rendered("{{.Publishers}}") == "[{0.0.0.0 80 8080 tcp} {:: 443 8443 tcp}]");
  }

  TEST_CASE("labels by name, of the object only") {
    CHECK(rendered("{{.Label \"com.example.team\"}}|{{.Label \"none\"}}") == "shop|");
    CHECK(rendered("{{range .Publishers}}{{$.Label \"com.example.team\"}} {{end}}") == "shop shop ");
    CHECK(rendered("{{if eq (.Label \"com.example.team\") \"shop\"}}ours{{end}}") == "ours");
  }

  TEST_CASE("conditions") {
    CHECK(rendered("{{if eq .State \"exited\"}}no{{else if .ExitCode}}no{{else}}up{{end}}") == "up");
    CHECK(rendered("{{if and .Name (not .ExitCode)}}a{{end}}{{if or .ExitCode (eq .State \"x\" "
                   "\"running\")}}b{{end}}") == "ab");
    CHECK(rendered("{{with .ExitCode}}no{{else with .Name}}{{.}}{{end}}") == "shop-web-1");
    CHECK(rendered("{{if gt (len .Publishers) 1}}many{{end}}") == "many");
    CHECK(rendered("{{and .ExitCode (index .Publishers 9)}}") == "0");
  }

  TEST_CASE("lists are gone through, with variables, break and continue") {
    CHECK(rendered("{{range .Publishers}}{{.PublishedPort}}->{{.TargetPort}} {{end}}") ==
          "8080->80 8443->443 ");
    CHECK(rendered("{{range $i, $p := .Publishers}}{{if $i}}, {{end}}{{$p.URL}}{{end}}") == "0.0.0.0, ::");
    CHECK(rendered("{{range .Publishers}}{{if eq .TargetPort 443}}{{continue}}{{end}}{{.URL}}{{end}}") ==
          "0.0.0.0");
    CHECK(rendered("{{range .Publishers}}{{.URL}}{{break}}{{end}}") == "0.0.0.0");
    CHECK(rendered("{{range split \"\" \",\"}}[{{.}}]{{else}}none{{end}}") == "[]");
    CHECK(rendered("{{range 0}}x{{else}}none{{end}}{{range 3}}{{.}}{{end}}") == "none012");
    CHECK(rendered("{{$n := 1}}{{range .Publishers}}{{$n = .TargetPort}}{{end}}{{$n}}") == "443");
  }

  TEST_CASE("blanks next to {{- and -}} go, and comments") {
    CHECK(rendered("a \n {{- .State -}} \n b") == "arunningb");
    CHECK(rendered("a {{- /* a {{comment}} */ -}} b{{/* one */}}c") == "abc");
    CHECK(rendered("{{-3}} {{3 -}} x") == "-3 3x");
    CHECK(rendered("{{\"}}\"}}") == "}}");
  }

  TEST_CASE("a table has headings made of the fields") {
    const Template table{
        R"(table {{.Name}}\t{{upper .State}}\t{{range .Publishers}}{{.URL}} {{end}}\t{{.Label "a.b-c"}})"};
    CHECK(table.wants_table());
    CHECK(table.header({{"Name", "CONTAINER"}}) ==
          std::vector<std::string>{"CONTAINER", "STATE", "PUBLISHERS", "B C"});
    CHECK(table.cells(web()) == std::vector<std::string>{"shop-web-1", "RUNNING", "0.0.0.0 :: ", ""});
    CHECK(Template{"table {{.CreatedAt}}: {{.ExitCode}}"}.header() ==
          std::vector<std::string>{"CREATED AT: EXIT CODE"});
  }

  TEST_CASE("what a template gets wrong is said with its place") {
    CHECK(error_of("{{.Nmae}}") ==
          "format:1:3: there is no field 'Nmae', did you mean 'Name'?\n    {{.Nmae}}\n      ^");
    CHECK(error_of("table {{.Name}}\t{{uper .State}}") ==
          "format:1:19: there is no function 'uper', did you mean 'upper'?\n"
          "    table {{.Name}}\t{{uper .State}}\n                      ^");
    CHECK(error_of("x\n{{range .Publishers}}{{.Port}}{{end}}") ==
          "format:2:24: there is no field 'Port'\n    {{range .Publishers}}{{.Port}}{{end}}\n                "
          "           ^");
    CHECK(
        error_of("{{.Name.First}}") ==
        "format:1:8: there is no field 'First' here: this has no fields\n    {{.Name.First}}\n           ^");
    CHECK(error_of("{{.Label}}") ==
          "format:1:3: .Label takes the name of one label: .Label \"name\"\n    {{.Label}}\n      ^");
    CHECK(error_of("{{index .Publishers 7}}") ==
          "format:1:3: index: there is no element 7 in a list of 2\n    {{index .Publishers 7}}\n      ^");
    CHECK(error_of("{{.Name .State}}") ==
          "format:1:3: this is no function, so nothing can be given to it\n    {{.Name .State}}\n      ^");
    CHECK(error_of("{{range .Name}}{{end}}") ==
          "format:1:9: range goes through lists and mappings, not 'shop-web-1'\n    {{range .Name}}{{end}}\n "
          "           ^");
  }

  TEST_CASE("what would never end or grow without end is stopped") {
    CHECK(error_of("{{range 1000}}{{range 1000}}{{end}}{{end}}")
              .starts_with("format:1:23: this takes more than 1000000 steps\n"));
    CHECK(error_of("{{$x := pad \"x\" 0 9999}}{{range 90000}}{{$y := $x}}{{end}}")
              .find("this takes more than 1000000 steps") != std::string::npos);
    CHECK(error_of("{{range 10000000}}{{end}}")
              .starts_with("format:1:9: this takes more than 1000000 steps\n"));
    CHECK(error_of("{{$x := pad \"x\" 0 10000}}{{range 200}}{{$x = print $x $x}}{{end}}")
              .find("print: this makes more than a megabyte of text") != std::string::npos);
    CHECK(error_of("{{range 200}}{{pad \"x\" 10000 0}}{{end}}")
              .find("this makes more than a megabyte of text") != std::string::npos);
  }
}
