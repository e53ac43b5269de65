#pragma once
// A project in a temporary directory, loaded with nothing of the real environment.
#include <map>
#include <string>

#include "base/file.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/loader/render_config.hpp"

namespace compose::loader::test {

using Files = std::map<std::string, std::string>;

class ProjectFiles {
 public:
  explicit ProjectFiles(const Files& files) {
    for (const auto& [name, text] : files) {
      const auto path = directory_.path() / name;
      base::sys::make_directories(path.parent());
      base::write_file_atomically(path, text);
    }
    options.current_directory = directory_.path().str();
    options.project_name = "shop";
    options.environment = {{"HOME", "/home/someone"}};
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (directory_.path() / name).str(); }

  [[nodiscard]] LoadedProject load() const { return load_project(options); }

  // The text of the error, with the temporary directory written as "@"; "" where loading succeeds.
  [[nodiscard]] std::string error() const {
    try {
      (void)load();
      return {};
    } catch (const base::Error& e) {
      return without_directory(e.what());
    }
  }

  [[nodiscard]] std::string config() const { return without_directory(render_config(load().project, {})); }

  [[nodiscard]] std::string without_directory(std::string text) const {
    const auto& directory = directory_.path().str();
    for (auto at = text.find(directory); at != std::string::npos; at = text.find(directory))
      text.replace(at, directory.size(), "@");
    return text;
  }

  LoadOptions options;

 private:
  base::TemporaryDirectory directory_;
};

// One file named compose.yaml.
inline ProjectFiles compose_file(const std::string& text) {
  return ProjectFiles{Files{{"compose.yaml", text}}};
}

inline std::string error_of(const std::string& text) {
  return compose_file(text).error();
}

inline model::Service service_of(const std::string& text, const std::string& name = "a") {
  return compose_file(text).load().project.services.at(name);
}

}  // namespace compose::loader::test
