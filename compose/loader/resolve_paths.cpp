#include "compose/loader/resolve_paths.hpp"

#include <array>
#include <filesystem>

#include "base/path.hpp"
#include "compose/loader/key_path.hpp"

namespace compose::loader {

namespace {

constexpr std::string_view k_file_scheme = "file://";

class PathResolver {
 public:
  PathResolver(const std::string& base, const Environment& environment)
      : base_(base), home_(look_up(environment, "HOME").value_or("")) {}

  void plain(Node& node) const {
    if (node.is(Kind::string) && !node.text.empty() && !node.broken) node.text = absolute(node.text);
  }

  void context(Node& node) const {
    if (node.text.starts_with(k_file_scheme)) node.text.erase(0, k_file_scheme.size());
    if (!is_remote(node.text) && !node.text.starts_with("service:")) plain(node);
  }

  void named_context(Node& node) const {
    if (node.text.starts_with(k_file_scheme) || node.text.find("://") == std::string::npos) context(node);
  }

  void ssh_key(Node& node) const { plain(node); }

  void watched(Node& node) const {
    plain(node);
    if (!node.is(Kind::string) || !node.text.starts_with('/')) return;
    std::error_code error;
    const auto real = std::filesystem::canonical(node.text, error);
    if (!error) node.text = real.string();
  }

  void mount(Node& node) const {
    Node* type = node.is(Kind::mapping) ? node.find("type") : nullptr;
    Node* source = type && type->text == "bind" ? node.find("source") : nullptr;
    if (source && !is_windows_path(source->text)) plain(*source);
  }

  // The local driver's bind mounts: driver: local, driver_opts: {o: bind, device: ./data}
  void volume(Node& node) const {
    const Node* driver = node.find_path({"driver"});
    const Node* options = node.find_path({"driver_opts", "o"});
    if (!driver || driver->text != "local" || !options || options->text.find("bind") == std::string::npos)
      return;
    Node* device = node.find("driver_opts")->find("device");
    if (device && device->is(Kind::string) && !device->broken) device->text = absolute(device->text);
  }

 private:
  static bool is_windows_path(std::string_view text) {
    return text.starts_with('\\') ||
           (text.size() > 2 && text[1] == ':' && (text[2] == '\\' || text[2] == '/'));
  }

  // An absolute path stays as it was written.
  [[nodiscard]] std::string absolute(const std::string& path) const {
    if (path.starts_with('/')) return path;
    if (path == "~" && !home_.empty()) return home_;
    if (path.starts_with("~/") && !home_.empty()) return base::absolute_path(path.substr(2), home_);
    return base::absolute_path(path, base_);
  }

  const std::string& base_;
  std::string home_;
};

struct PathRow {
  std::string_view pattern;
  void (PathResolver::*resolve)(Node&) const;
};

constexpr auto k_path_rows = std::to_array<PathRow>({
    {"services.*.build.context", &PathResolver::context},
    {"services.*.build.additional_contexts.*", &PathResolver::named_context},
    {"services.*.build.ssh.*", &PathResolver::ssh_key},
    {"services.*.env_file.*.path", &PathResolver::plain},
    {"services.*.label_file.*", &PathResolver::plain},
    {"services.*.extends.file", &PathResolver::context},
    {"services.*.develop.watch.*.path", &PathResolver::watched},
    {"services.*.volumes.*", &PathResolver::mount},
    {"configs.*.file", &PathResolver::plain},
    {"secrets.*.file", &PathResolver::plain},
    {"volumes.*", &PathResolver::volume},
});

const PatternTable& path_rows() {
  static const PatternTable table = [] {
    PatternTable built;
    for (std::size_t i = 0; i < k_path_rows.size(); ++i)
      built.add(k_path_rows[i].pattern, static_cast<int>(i));
    return built;
  }();
  return table;
}

void resolve_all(const PathResolver& resolver, Node& node, PatternTable::Place place) {
  if (place == PatternTable::k_none) return;
  if (const int row = path_rows().rule(place); row != PatternTable::k_none)
    (resolver.*k_path_rows[static_cast<std::size_t>(row)].resolve)(node);
  for (auto& entry : node.entries) resolve_all(resolver, entry.value, path_rows().child(place, entry.key));
  for (auto& item : node.items) resolve_all(resolver, item, path_rows().element(place));
}

}  // namespace

// user@host:path, the form of scp.
static bool is_scp_form(std::string_view location) {
  const auto at = location.find('@');
  const auto colon = location.find(':');
  return at != 0 && at < colon && colon != std::string_view::npos &&
         location.substr(0, colon).find('/') == std::string_view::npos;
}

bool is_remote(std::string_view location) {
  static constexpr auto prefixes = std::to_array<std::string_view>(
      {"https://", "http://", "git://", "ssh://", "github.com/", "git@", "oci://"});
  for (const auto prefix : prefixes)
    if (location.starts_with(prefix)) return true;
  return is_scp_form(location);
}

void resolve_paths(Node& model, const std::string& base, const Environment& environment) {
  resolve_all(PathResolver{base, environment}, model, PatternTable::root());
}

void resolve_service_paths(Node& service, const std::string& base, const Environment& environment) {
  const auto place = path_rows().child(path_rows().child(PatternTable::root(), "services"), "*");
  resolve_all(PathResolver{base, environment}, service, place);
}

}  // namespace compose::loader
