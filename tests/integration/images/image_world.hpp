#pragma once
// A store in a temporary directory, a build context to write into, and a runner that is a function of the
// test.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <regex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "base/database.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/id.hpp"
#include "base/sys.hpp"
#include "images/build/build.hpp"
#include "images/build/root_view.hpp"
#include "images/layer_store.hpp"
#include "images/store.hpp"

namespace compose::test {

// Steps run in processes of their own: what the test wants to know of them they leave in files.
class FunctionRunner final : public images::StepRunner {
 public:
  explicit FunctionRunner(base::HostPath directory) : directory_(std::move(directory)) {}

  std::function<base::ExitStatus(const images::StepSpec&, const images::StepOutput&)> function =
      [](const images::StepSpec&, const images::StepOutput&) { return base::ExitStatus{}; };
  base::ExitStatus run(const images::StepSpec& spec, const images::StepOutput& output) override {
    note("run-" + base::random_hex(8), "");
    return function(spec, output);
  }

  void note(const std::string& name, std::string_view text) const {
    base::write_file_atomically(directory_ / name, text);
  }
  [[nodiscard]] std::string noted(const std::string& name) const {
    return base::read_file_if_exists(directory_ / name).value_or("-");
  }
  [[nodiscard]] std::ptrdiff_t runs() const {
    return std::ranges::count_if(base::list_directory(directory_),
                                 [](const auto& name) { return name.starts_with("run-"); });
  }

 private:
  base::HostPath directory_;
};

struct ImageWorld {
  base::TemporaryDirectory directory;
  base::Database database{directory.path() / "state.db"};
  images::Store store{database, directory.path() / "images"};
  base::TemporaryDirectory notes;
  FunctionRunner runner{notes.path()};
  std::string log;  // of the last build, without the seconds

  ImageWorld() { base::sys::make_directory(context()); }

  [[nodiscard]] base::HostPath context() const { return directory.path() / "context"; }

  void write(const std::string& path, std::string_view content, unsigned mode = 0644) const {
    const auto file = context() / path;
    base::sys::make_directories(file.parent());
    base::write_file_atomically(file, content, mode);
    ::chmod(file.c_str(), mode);
  }

  [[nodiscard]] images::BuildRequest request(const std::string& dockerfile) const {
    return {.context = context().str(), .dockerfile_inline = dockerfile, .tags = {"test"}};
  }
  images::BuildResult build(const std::string& dockerfile) { return build(request(dockerfile)); }
  images::BuildResult build(const images::BuildRequest& request) { return build_all({request}).front(); }
  std::vector<images::BuildResult> build_all(const std::vector<images::BuildRequest>& requests) {
    log.clear();
    images::PlainBuildProgress progress{[this](std::string_view line) {
      log += std::regex_replace(std::string{line}, std::regex{"DONE [0-9.]+s"}, "DONE");
    }};
    return images::build_images({.store = store, .runner = runner, .progress = progress}, requests);
  }
  std::string error_of(const std::string& dockerfile) {
    try {
      build(dockerfile);
    } catch (const base::Error& e) {
      return e.what();
    }
    return "no error";
  }

  [[nodiscard]] images::RootView view(const std::string& reference = "test") const {
    return images::RootView{store.require(reference).layers};
  }
  // Content of a file of the image; "-" where there is none.
  [[nodiscard]] std::string content(const std::string& path, const std::string& reference = "test") const {
    return view(reference).read_file(path, 1U << 20U).value_or("-");
  }
  // "0755 0:0" of a path in the image, without following a link; "-" where there is none.
  [[nodiscard]] std::string facts(const std::string& path, const std::string& reference = "test") const {
    const auto root = view(reference);
    const auto status = root.stat(root.resolve(path, false));
    if (!status) return "-";
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", status->st_mode & 07777U);
    return std::string{mode} + " " + std::to_string(status->st_uid) + ":" + std::to_string(status->st_gid);
  }
};

}  // namespace compose::test
