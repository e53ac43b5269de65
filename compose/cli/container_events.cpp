#include "compose/cli/container_events.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <iterator>
#include <string_view>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace compose::cli {
namespace {

using rt::ContainerState;
using rt::ContainerStatus;
using Attributes = std::map<std::string, std::string>;

constexpr std::int64_t k_no_time = 0;

// What happened to one container, in order.
class Story {
 public:
  Story(const rt::ContainerId& id, const SeenContainer& container)
      : id_(id), service_(container.service), attributes_(container.labels) {
    std::erase_if(attributes_,
                  [](const auto& label) { return label.first.starts_with("com.docker.compose."); });
    attributes_["image"] = container.image;
    attributes_["name"] = container.name;
  }

  void add(std::string_view action, std::int64_t time = k_no_time, const Attributes& more = {}) {
    Event event{.time = time,
                .id = id_,
                .service = service_,
                .action = std::string{action},
                .attributes = attributes_};
    for (const auto& [name, value] : more) event.attributes[name] = value;
    events_.push_back(std::move(event));
  }

  [[nodiscard]] std::vector<Event> take() { return std::move(events_); }

 private:
  rt::ContainerId id_;
  std::string service_;
  Attributes attributes_;
  std::vector<Event> events_;
};

void tell_end(Story& story, const ContainerStatus& before, const ContainerStatus& after, std::int64_t time) {
  const bool told = before.oom_killed && before.shim_pid == after.shim_pid;  // it counts all runs of a shim
  if (after.oom_killed && !told) story.add("oom", time);
  story.add("die", time, {{"exitCode", base::text("{}", after.exit_code)}});
}

void tell_runs(Story& story, const ContainerStatus& before, const ContainerStatus& after) {
  const bool same_shim = before.shim_pid == after.shim_pid;
  const bool started = after.started_at != 0 && after.started_at != before.started_at;
  const bool ended = after.finished_at != 0 && after.finished_at != before.finished_at;
  bool up = is_up(before);
  if (up && (!same_shim || (started && !ended))) {
    story.add("die");
    up = false;
  }
  if (started && ended && after.finished_at < after.started_at) {  // it ended, and started again
    if (!up) story.add("start");
    if (is_up(after))
      tell_end(story, before, after, after.finished_at);
    else
      story.add("die", after.finished_at);  // the exit code is that of a later end
  }
  if (started) {
    story.add("start", after.started_at);
    up = true;
  }
  const bool last_end = ended && after.finished_at >= after.started_at;
  if (!is_up(after) && (up || last_end))  // without a start: one that failed
    tell_end(story, before, after, last_end ? after.finished_at : k_no_time);
}

void tell_condition(Story& story, const ContainerStatus& before, const ContainerStatus& after) {
  if (!is_up(after)) return;
  const bool same_run = before.started_at == after.started_at;
  const bool was_paused = same_run && before.state == ContainerState::paused;
  const bool is_paused = after.state == ContainerState::paused;
  if (was_paused && !is_paused) story.add("unpause");
  if (!same_run || before.health != after.health) {
    if (after.health == rt::Health::healthy) story.add("health_status: healthy");
    if (after.health == rt::Health::unhealthy) story.add("health_status: unhealthy");
  }
  if (is_paused && !was_paused) story.add("pause");
}

// nullptr: there was, or is, no such container.
std::vector<Event> story_of(const rt::ContainerId& id, const SeenContainer* before,
                            const SeenContainer* after) {
  static const ContainerStatus k_none;
  Story story{id, after != nullptr ? *after : *before};
  if (before == nullptr)
    story.add("create", after->created_at);
  else if (after != nullptr && before->name != after->name)
    story.add("rename", k_no_time, {{"oldName", "/" + before->name}});
  const auto& was = before != nullptr ? before->status : k_none;
  const auto& is = after != nullptr ? after->status : k_none;
  tell_runs(story, was, is);
  tell_condition(story, was, is);
  if (after == nullptr) story.add("destroy");
  return story.take();
}

void give_times(std::vector<Event>& story, std::int64_t now) {
  auto latest = now;
  for (const auto& event : story) latest = std::max(latest, event.time);
  for (auto event = story.rbegin(); event != story.rend(); ++event) {
    event->time = event->time == k_no_time ? latest : std::min(event->time, latest);
    latest = event->time;
  }
}

std::vector<Event> all_of(std::vector<std::vector<Event>> stories) {
  std::vector<Event> all;
  for (auto& story : stories) std::ranges::move(story, std::back_inserter(all));
  std::ranges::stable_sort(all, {}, &Event::time);
  return all;
}

const SeenContainer* find(const Snapshot& snapshot, const rt::ContainerId& id) {
  const auto found = snapshot.find(id);
  return found == snapshot.end() ? nullptr : &found->second;
}

}  // namespace

bool is_up(const rt::ContainerStatus& status) noexcept {
  return status.state == ContainerState::running || status.state == ContainerState::paused;
}

std::vector<Event> events_between(const Snapshot& before, const Snapshot& after, std::int64_t now) {
  std::vector<std::vector<Event>> stories;
  for (const auto& [id, container] : before) stories.push_back(story_of(id, &container, find(after, id)));
  for (const auto& [id, container] : after)
    if (!before.contains(id)) stories.push_back(story_of(id, nullptr, &container));
  for (auto& story : stories) give_times(story, now);
  return all_of(std::move(stories));
}

std::vector<Event> known_past(const Snapshot& containers) {
  std::vector<std::vector<Event>> stories;
  for (const auto& [id, container] : containers) {
    auto story = story_of(id, nullptr, &container);
    std::erase_if(story, [](const Event& event) { return event.time == k_no_time; });
    give_times(story, k_no_time);
    stories.push_back(std::move(story));
  }
  return all_of(std::move(stories));
}

std::string event_text(const Event& event) {
  constexpr std::int64_t k_second = 1'000'000'000;
  const std::time_t seconds = event.time / k_second;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 64> time{};
  std::strftime(time.data(), time.size(), "%Y-%m-%d %H:%M:%S", &parts);
  auto fraction = std::to_string(event.time % k_second / 1000);
  fraction.insert(0, 6 - fraction.size(), '0');
  std::vector<std::string> attributes;
  for (const auto& [name, value] : event.attributes) attributes.push_back(base::text("{}={}", name, value));
  return base::text("{}.{} container {} {} ({})", time.data(), fraction, event.action, event.id.str(),
                    base::join(attributes, ", "));
}

std::string event_json(const Event& event) {
  using std::chrono::system_clock;
  const system_clock::time_point time{
      std::chrono::duration_cast<system_clock::duration>(std::chrono::nanoseconds{event.time})};
  base::Json line;
  line["action"] = event.action;
  line["attributes"] = event.attributes;
  line["id"] = event.id.str();
  line["service"] = event.service;
  line["time"] = base::format_time(time);
  line["type"] = "container";
  return line.dump(-1, ' ', false,
                   base::Json::error_handler_t::replace);  // images may have labels of any bytes
}

}  // namespace compose::cli
