// compose image df, history, inspect, ls, prune, rm, tag, verify.
#include <algorithm>
#include <array>
#include <set>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/units.hpp"
#include "compose/adapters/state.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/times.hpp"
#include "compose/cli/verbs/image_commands.hpp"
#include "compose/ui/table.hpp"
#include "images/store.hpp"
#include "images/verify.hpp"

namespace compose::cli {
namespace {

std::set<std::string> images_in_use(Context& context) {
  std::set<std::string> ids;
  for (const auto& container : context.state().all_containers()) ids.insert(container.image_id);
  return ids;
}

std::string shown_id(const std::string& id, bool whole) {
  return whole ? id : id.substr(7, 12);
}

class LsCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-a,--all", all_, "!");
    a.value("--format", format_, "format", "table, json or a template (default table)");
    a.flag("--no-trunc", whole_, "Whole ids");
    a.flag("-q,--quiet", quiet_, "Show ids only");
    a.words(name_, "NAME", "Only images of this repository", 0, 1);
  }
  int run(Context& context) override {
    check_format(format_);
    auto images = context.images().list();
    if (!name_.empty()) {
      const auto wanted = images::parse_reference(name_.front());
      const bool any_tag = name_.front().find(':', name_.front().rfind('/') + 1) == std::string::npos;
      std::erase_if(images, [&](const auto& image) {
        return image.repository != wanted.repository() || (!any_tag && image.tag != wanted.tag);
      });
    }
    if (quiet_) {
      std::set<std::string> seen;
      for (const auto& image : images)
        if (seen.insert(image.id).second) context.out().line(shown_id(image.id, whole_));
    } else {
      print(images, context);
    }
    return 0;
  }

 private:
  static base::Json json_of(const images::ImageSummary& image) {
    return {{"ID", image.id},
            {"Repository", image.repository},
            {"Tag", image.tag},
            {"Created", image.created},
            {"Size", image.size}};
  }

  void print(const std::vector<images::ImageSummary>& images, Context& context) const {
    std::vector<base::Json> rows;
    for (const auto& image : images) rows.push_back(json_of(image));
    if (print_formatted(context.out(), format_, rows, {{"ID", "IMAGE ID"}})) return;
    ui::Table table{{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}, 20};
    for (const auto& image : images)
      table.row({image.repository, image.tag, shown_id(image.id, whole_),
                 time_ago(image.created, context.clock().wall()), base::format_bytes_decimal(image.size)});
    context.out().write(table.text());
  }

  bool all_ = false;
  std::string format_ = "table";
  bool whole_ = false;
  bool quiet_ = false;
  std::vector<std::string> name_;
};

class DfCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--format", format_, "format", "table, json or a template (default table)");
    a.words(none_, "", "", 0, 0);
  }
  int run(Context& context) override {
    check_format(format_);
    const auto usage = context.images().disk_usage(images_in_use(context));
    const std::array<Row, 4> rows{
        {{"Images", usage.images, usage.images_in_use, usage.image_bytes, usage.reclaimable_bytes},
         {"Build cache", usage.cache_entries, 0, usage.cache_bytes, usage.cache_bytes},
         {"Cache mounts", usage.cache_mounts, 0, usage.cache_mount_bytes, usage.cache_mount_bytes},
         {"Unfinished downloads", usage.partial_blobs, 0, usage.partial_bytes, usage.partial_bytes}}};
    std::vector<base::Json> objects;
    for (const auto& row : rows) objects.push_back(row.json());
    if (print_formatted(context.out(), format_, objects)) return 0;
    ui::Table table{{"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"}, 10};
    for (const auto& row : rows)
      table.row({row.type, std::to_string(row.total), std::to_string(row.active),
                 base::format_bytes_decimal(row.bytes), base::format_bytes_decimal(row.reclaimable)});
    context.out().write(table.text());
    return 0;
  }

 private:
  struct Row {
    std::string type;
    std::uint64_t total;
    std::uint64_t active;
    std::uint64_t bytes;
    std::uint64_t reclaimable;

    [[nodiscard]] base::Json json() const {
      return {{"Type", type},
              {"TotalCount", total},
              {"Active", active},
              {"Size", bytes},
              {"Reclaimable", reclaimable}};
    }
  };
  std::string format_ = "table";
  std::vector<std::string> none_;
};

class InspectCommand final : public Verb {
 public:
  void declare(Arguments& a) override { a.words(references_, "IMAGE...", "Names or ids of images", 1); }
  int run(Context& context) override {
    std::string all;
    for (const auto& reference : references_)
      all += (all.empty() ? "" : ",\n") + context.images().inspect_json(reference);
    context.out().line("[\n" + all + "\n]");
    return 0;
  }

 private:
  std::vector<std::string> references_;
};

class HistoryCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--no-trunc", whole_, "Whole commands");
    a.words(reference_, "IMAGE", "Name or id of an image", 1, 1);
  }
  int run(Context& context) override {
    constexpr std::size_t k_width = 60;
    ui::Table table{{"CREATED", "CREATED BY", "LAYER", "COMMENT"}, 20};
    for (const auto& entry : context.images().history(reference_.front())) {
      auto command = entry.created_by;
      std::ranges::replace(command, '\n', ' ');
      if (!whole_ && command.size() > k_width) command = command.substr(0, k_width - 3) + "...";
      table.row({time_ago(entry.created, context.clock().wall()), command, entry.empty_layer ? "no" : "yes",
                 entry.comment});
    }
    context.out().write(table.text());
    return 0;
  }

 private:
  bool whole_ = false;
  std::vector<std::string> reference_;
};

class TagCommand final : public Verb {
 public:
  void declare(Arguments& a) override { a.words(words_, "IMAGE NAME", "The image, and its new name", 2, 2); }
  int run(Context& context) override {
    context.images().tag(words_[0], words_[1]);
    return 0;
  }

 private:
  std::vector<std::string> words_;
};

void print_removed(Context& context, const images::RemovedImage& removed) {
  for (const auto& name : removed.untagged) context.out().line("Untagged: " + name);
  for (const auto& id : removed.deleted) context.out().line("Deleted: " + id);
}

class RmCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-f,--force", force_, "Take the names away even where containers use the image");
    a.words(references_, "IMAGE...", "Names or ids of images", 1);
  }
  int run(Context& context) override {
    const auto in_use = images_in_use(context);
    for (const auto& reference : references_)
      print_removed(context, context.images().remove(reference, in_use, force_));
    return 0;
  }

 private:
  bool force_ = false;
  std::vector<std::string> references_;
};

class PruneCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-a,--all", all_, "All that no container uses, not only those without a name");
    a.flag("--build-cache", cache_, "Also forget the results of build steps");
    a.flag("-f,--force", force_, "Do not ask");
    a.words(none_, "", "", 0, 0);
  }
  int run(Context& context) override {
    const auto what = all_ ? "all images without a container" : "all images without a name";
    if (!force_ && !context.ask(base::text("This will remove {}. Go on?", what))) return 0;
    auto removed = context.images().prune(all_ ? images::PruneScope::unused : images::PruneScope::dangling,
                                          images_in_use(context));
    print_removed(context, removed);
    if (cache_) removed.reclaimed += context.images().prune_build_cache();
    context.out().line("Total reclaimed space: " + base::format_bytes_decimal(removed.reclaimed));
    return 0;
  }

 private:
  bool all_ = false;
  bool cache_ = false;
  bool force_ = false;
  std::vector<std::string> none_;
};

class VerifyCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--repair", repair_, "Unpack damaged layers again where their archives are whole; remove rubbish");
    a.flag("-q,--quiet", quiet_, "Print nothing; the exit code tells");
    a.words(none_, "", "", 0, 0);
  }
  int run(Context& context) override {
    const auto report = images::verify_store(context.images(), repair_);
    std::size_t left = 0;
    for (const auto& finding : report.findings) {
      if (!finding.repaired) ++left;
      if (!quiet_)
        context.out().line(
            base::text("{}: {}{}", finding.object, finding.what, finding.repaired ? " (repaired)" : ""));
    }
    if (!quiet_ && report.partial_blobs > 0)
      context.out().line(base::text("{} unfinished downloads of {}", report.partial_blobs,
                                    base::format_bytes_decimal(report.partial_bytes)));
    if (!quiet_)
      context.out().line(
          base::text("{} images, {} layers, {} blobs checked: {}", report.images, report.layers, report.blobs,
                     report.findings.empty() ? std::string{"clean"}
                                             : base::text("{} damaged, {} repaired", report.findings.size(),
                                                          report.findings.size() - left)));
    return left == 0 ? 0 : 1;
  }

 private:
  bool repair_ = false;
  bool quiet_ = false;
  std::vector<std::string> none_;
};

}  // namespace

std::unique_ptr<Verb> make_image_df() {
  return std::make_unique<DfCommand>();
}
std::unique_ptr<Verb> make_image_history() {
  return std::make_unique<HistoryCommand>();
}
std::unique_ptr<Verb> make_image_inspect() {
  return std::make_unique<InspectCommand>();
}
std::unique_ptr<Verb> make_image_ls() {
  return std::make_unique<LsCommand>();
}
std::unique_ptr<Verb> make_image_prune() {
  return std::make_unique<PruneCommand>();
}
std::unique_ptr<Verb> make_image_rm() {
  return std::make_unique<RmCommand>();
}
std::unique_ptr<Verb> make_image_tag() {
  return std::make_unique<TagCommand>();
}
std::unique_ptr<Verb> make_image_verify() {
  return std::make_unique<VerifyCommand>();
}

}  // namespace compose::cli
