#include <algorithm>
#include <map>
#include <regex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/table.hpp"

namespace compose::cli {
namespace {

struct ProjectLine {
  std::string name;
  std::map<std::string, int> states;
  std::string files;

  [[nodiscard]] std::string status() const {
    std::vector<std::string> parts;
    for (const auto& [state, count] : states) parts.push_back(base::text("{}({})", state, count));
    return base::join(parts, ", ");
  }

  [[nodiscard]] base::Json json() const {
    return {{"Name", name}, {"Status", status()}, {"ConfigFiles", files}};
  }
};

class LsVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-a,--all", all_, "Show all projects, also those where nothing runs");
    a.values("--filter", filters_, "name=REGEX", "Only projects whose name matches");
    a.value("--format", format_, "format", "table, json, or a template such as '{{.Name}}' (default table)");
    a.flag("-q,--quiet", quiet_, "Show names only");
    a.words(none_, "", "", 0, 0);
    a.examples("  compose ls\n  compose ls -a --format json\n");
  }

  int run(Context& context) override {
    check_format(format_);
    const auto lines = collect(context);
    if (quiet_)
      for (const auto& line : lines) context.out().line(line.name);
    else
      print(lines, context.out());
    return 0;
  }

 private:
  void print(const std::vector<ProjectLine>& lines, ui::Output& out) const {
    std::vector<base::Json> rows;
    for (const auto& line : lines) rows.push_back(line.json());
    if (print_formatted(out, format_, rows)) return;
    ui::Table table{{"NAME", "STATUS", "CONFIG FILES"}, 20};
    for (const auto& line : lines) table.row({line.name, line.status(), line.files});
    out.write(table.text());
  }

  std::vector<ProjectLine> collect(Context& context) {
    std::map<std::string, ProjectLine> by_name;
    for (const auto& record : context.state().all_containers()) {
      if (adapters::is_going(record.phase)) continue;
      const auto status = adapters::status_of(context.paths(), record);
      if (!all_ && !is_running(status)) continue;
      auto& line = by_name[record.project];
      line.name = record.project;
      ++line.states[std::string{state_word(status.state)}];
    }
    for (const auto& project : context.state().projects())
      if (const auto found = by_name.find(project.name); found != by_name.end())
        found->second.files = base::join(project.config_files, ",");
    std::vector<ProjectLine> lines;
    for (auto& [name, line] : by_name) {
      if (line.files.empty()) line.files = "N/A";
      if (matches(name)) lines.push_back(std::move(line));
    }
    return lines;
  }

  bool matches(const std::string& name) const {
    return std::ranges::all_of(filters_, [&](const std::string& filter) {
      if (!filter.starts_with("name="))
        throw UsageError(base::text("unknown filter \"{}\": only name=REGEX is", filter));
      try {
        return std::regex_search(name, std::regex{filter.substr(5)});
      } catch (const std::regex_error&) {
        throw UsageError(base::text("filter \"{}\": not a regular expression", filter));
      }
    });
  }

  bool all_ = false;
  std::vector<std::string> filters_;
  std::string format_ = "table";
  bool quiet_ = false;
  std::vector<std::string> none_;
};

}  // namespace

std::unique_ptr<Verb> make_ls() {
  return std::make_unique<LsVerb>();
}

}  // namespace compose::cli
