#pragma once
// Who follows a container's output: an attached `compose up` or `logs -f`, which gets the lines as the log
// does, over a pipe of its own. The first record is "<time> start F": everything before that
// time is in the log, everything after it comes here.
//
// A follower that is behind holds the container's output up, as a terminal does, but for a second at most.
// From then on lines are left out for it, until it has taken all that waits for it; "<time> lost F <number>"
// tells how many. What is kept for one is bounded by what one read of the output makes.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/shim/event_loop.hpp"

namespace compose::rt {

class Followers {
 public:
  explicit Followers(EventLoop& loop) : loop_(loop) {}
  ~Followers();
  Followers(const Followers&) = delete;
  Followers& operator=(const Followers&) = delete;

  // Called when behind() has changed.
  void when_changed(std::function<void()> call) { changed_ = std::move(call); }
  // Made non-blocking here. Error: there are too many.
  void add(base::UniqueFd pipe);
  // Whole log lines (log_framing.hpp).
  void pass_on(std::string_view lines);
  // Output has to wait.
  [[nodiscard]] bool behind() const noexcept;
  // The output has ended: waits here for those that are behind, no longer than for others.
  void settle();
  // No more lines will come. What was left out is told.
  void close();

 private:
  static constexpr std::size_t k_most = 64;

  struct Follower final : EventLoop::Source {
    Follower(Followers& all, base::UniqueFd fd) : owner(all), pipe(std::move(fd)) {}
    void ready(std::uint32_t events) override;
    Followers& owner;
    base::UniqueFd pipe;
    std::string pending;  // what the pipe has no room for; begins inside a line where `torn`
    bool torn = false;
    bool watched = false;      // for room
    bool left_behind = false;  // lines are left out
    bool gone = false;
    std::uint64_t lost = 0;
  };

  void flush(Follower& follower);
  void give_up_waiting();
  void say_what_was_lost(Follower& follower);
  void last_word(Follower& follower);
  static bool make_room(const Follower& follower, std::size_t bytes);
  void look_again();

  EventLoop& loop_;
  std::function<void()> changed_;
  std::vector<std::unique_ptr<Follower>> all_;
  EventLoop::TimerId patience_ = 0;
  EventLoop::Time deadline_;
  bool was_behind_ = false;
};

}  // namespace compose::rt
