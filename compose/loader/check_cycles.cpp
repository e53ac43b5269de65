#include <algorithm>

#include "compose/loader/read_project.hpp"

namespace compose::loader {

namespace {

enum class Visit : std::uint8_t { open, done };

// Depth first without recursion: a chain of 100,000 services must not end the stack.
class CycleFinder {
 public:
  explicit CycleFinder(const model::Project& project) : project_(project) {}

  std::string find() {
    for (const auto& [name, service] : project_.services) {
      if (!visits_.contains(name)) enter(name, service);
      while (!path_.empty()) {
        if (auto cycle = step(); !cycle.empty()) return cycle;
      }
    }
    return {};
  }

 private:
  using Edge = std::map<std::string, model::Dependency>::const_iterator;
  struct Place {
    std::string name;
    Edge next;
    Edge end;
  };

  void enter(const std::string& name, const model::Service& service) {
    visits_[name] = Visit::open;
    path_.push_back({name, service.depends_on.begin(), service.depends_on.end()});
  }

  std::string step() {
    Place& place = path_.back();
    if (place.next == place.end) {
      visits_[place.name] = Visit::done;
      path_.pop_back();
      return {};
    }
    const std::string& target = (place.next++)->first;
    const auto visit = visits_.find(target);
    if (visit != visits_.end()) return visit->second == Visit::open ? describe(target) : std::string{};
    const auto service = project_.services.find(target);
    if (service != project_.services.end()) enter(target, service->second);
    return {};
  }

  [[nodiscard]] std::string describe(const std::string& closing) const {
    std::string text;
    for (auto place = std::ranges::find(path_, closing, &Place::name); place != path_.end(); ++place)
      text += place->name + " -> ";
    return text + closing;
  }

  const model::Project& project_;
  std::map<std::string, Visit> visits_;
  std::vector<Place> path_;
};

}  // namespace

std::string find_dependency_cycle(const model::Project& project) {
  return CycleFinder{project}.find();
}

}  // namespace compose::loader
