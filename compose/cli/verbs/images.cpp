#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/units.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/times.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/table.hpp"
#include "images/store.hpp"

namespace compose::cli {
namespace {

struct ImageLine {
  std::string container;
  std::string repository = "<none>";
  std::string tag = "<none>";
  std::string platform;
  std::string id;  // without "sha256:"
  std::uint64_t size = 0;
  std::string created;
};

ImageLine line_of(Context& context, const Listed& c) {
  ImageLine line{.container = c.record.name, .id = c.record.image_id};
  if (line.id.starts_with("sha256:")) line.id.erase(0, 7);
  if (const auto image = context.images().resolve(c.record.image_id)) {
    line.platform = image->os + "/" + image->architecture;
    line.size = image->size;
    line.created = image->created;
  }
  if (!c.record.image.empty() && !c.record.image.starts_with("sha256:")) {
    const auto reference = images::parse_reference(c.record.image);
    line.repository = reference.repository();
    line.tag = reference.tag.empty() ? "<none>" : reference.tag;
  }
  return line;
}

class ImagesVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--format", format_, "format",
            "table, json, or a template such as '{{.Repository}}:{{.Tag}}' (default table)");
    a.flag("-q,--quiet", quiet_, "Show ids only");
    a.words(services_, "SERVICE...", "Only containers of these services");
    a.examples("  compose images\n  compose images -q silo\n");
  }

  int run(Context& context) override {
    check_format(format_);
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, services_);
    std::vector<ImageLine> lines;
    for (const auto& c : containers)
      if (services_.empty() || std::ranges::count(services_, c.record.service) > 0)
        lines.push_back(line_of(context, c));
    if (quiet_)
      print_ids(lines, context.out());
    else
      print(lines, context);
    return 0;
  }

 private:
  static void print_ids(const std::vector<ImageLine>& lines, ui::Output& out) {
    std::set<std::string> seen;
    for (const auto& line : lines)
      if (seen.insert(line.id).second) out.line(line.id);
  }

  static base::Json json_of(const ImageLine& line) {
    return {{"ID", "sha256:" + line.id}, {"ContainerName", line.container}, {"Repository", line.repository},
            {"Tag", line.tag},           {"Platform", line.platform},       {"Size", line.size},
            {"Created", line.created},   {"LastTagTime", line.created}};
  }

  void print(const std::vector<ImageLine>& lines, Context& context) const {
    std::vector<base::Json> rows;
    for (const auto& line : lines) rows.push_back(json_of(line));
    if (print_formatted(context.out(), format_, rows, {{"ID", "IMAGE ID"}, {"ContainerName", "CONTAINER"}}))
      return;
    ui::Table table{{"CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"}, 20};
    for (const auto& l : lines)
      table.row({l.container, l.repository, l.tag, l.platform, l.id.substr(0, 12),
                 base::format_bytes_decimal(l.size), time_ago(l.created, context.clock().wall())});
    context.out().write(table.text());
  }

  std::string format_ = "table";
  bool quiet_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_images() {
  return std::make_unique<ImagesVerb>();
}

}  // namespace compose::cli
