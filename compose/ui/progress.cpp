#include "compose/ui/progress.hpp"

#include <array>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"

namespace compose::ui {
namespace {

constexpr std::string_view k_dry_run = "DRY-RUN MODE - ";

void write_quietly(int fd, std::string_view bytes) {
  try {
    base::sys::write_all(fd, bytes);
  } catch (const base::Error&) {
    // Nobody listens any more; the work goes on.
  }
}

class PlainProgress final : public ProgressView {
 public:
  explicit PlainProgress(const ProgressSettings& settings) : settings_(settings) {}
  void update(const std::string& object, Phase, const std::string& text,
              const std::string& details) override {
    write_quietly(settings_.fd,
                  base::text("{} {} {} {}\n", settings_.dry_run ? k_dry_run : "", object, text, details));
  }

 private:
  ProgressSettings settings_;
};

class JsonProgress final : public ProgressView {
 public:
  explicit JsonProgress(const ProgressSettings& settings) : settings_(settings) {}
  void update(const std::string& object, Phase phase, const std::string& text,
              const std::string& details) override {
    static constexpr std::array<const char*, 4> k_status{"Working", "Done", "Warning", "Error"};
    base::Json line = base::Json::object();
    if (settings_.dry_run) line["dry-run"] = true;
    line["id"] = object;
    line["status"] = k_status[static_cast<std::size_t>(phase)];
    line["text"] = text;
    if (!details.empty()) line["details"] = details;
    write_quietly(settings_.fd, line.dump() + "\n");
  }

 private:
  ProgressSettings settings_;
};

class QuietProgress final : public ProgressView {
 public:
  void update(const std::string&, Phase, const std::string&, const std::string&) override {}
};

}  // namespace

std::unique_ptr<ProgressView> make_plain_progress(const ProgressSettings& settings) {
  return std::make_unique<PlainProgress>(settings);
}
std::unique_ptr<ProgressView> make_json_progress(const ProgressSettings& settings) {
  return std::make_unique<JsonProgress>(settings);
}
std::unique_ptr<ProgressView> make_quiet_progress() {
  return std::make_unique<QuietProgress>();
}

}  // namespace compose::ui
