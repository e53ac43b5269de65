#include "compose/cli/build_check.hpp"

#include "base/error.hpp"
#include "compose/cli/context.hpp"
#include "images/build/request_check.hpp"

namespace compose::cli {

int check_builds(Context& context, const model::Project& project, const std::vector<std::string>& names,
                 const BuildOptions& options) {
  std::size_t count = 0;
  std::string found;
  for (const auto& name : names) {
    const auto request = build_request_of(project, project.services.at(name), options);
    const auto checked = base::with_context(base::text("service \"{}\": build", name),
                                            [&] { return images::check_request(context.images(), request); });
    for (const auto& finding : checked.report.findings) {
      ++count;
      found += base::text("\nWARNING: {}\n{}\n{}: {}:{}\n    {}\n", finding.rule, finding.message, name,
                          checked.dockerfile.name, finding.line,
                          checked.dockerfile.source.at(static_cast<std::size_t>(finding.line) - 1));
    }
  }
  if (count == 0) {
    context.out().line("Check complete, no warnings found.");
    return 0;
  }
  context.out().line(
      base::text("Check complete, {} {} been found!", count, count == 1 ? "warning has" : "warnings have"));
  context.out().write(found);
  return 1;
}

}  // namespace compose::cli
