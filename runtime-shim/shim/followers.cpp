#include "runtime-shim/shim/followers.hpp"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "runtime-shim/shim/log_framing.hpp"

namespace compose::rt {
namespace {

constexpr std::chrono::seconds k_patience{1};

// Of a line that comes in pieces the last one counts.
std::uint64_t count_lines(std::string_view records) {
  std::uint64_t count = 0;
  while (!records.empty()) {
    const auto line = records.substr(0, records.find('\n'));
    const auto stream = line.find(' ');
    const auto tag = line.find(' ', stream + 1);
    if (tag != std::string_view::npos && line.substr(tag + 1).starts_with('F')) ++count;
    records.remove_prefix(std::min(records.size(), line.size() + 1));
  }
  return count;
}

std::string record_of(std::string_view kind, std::string_view text) {
  LogFraming framing{kind};
  std::string out;
  framing.feed(base::text("{}\n", text), base::wall_nanoseconds(), out);
  return out;
}

}  // namespace

Followers::~Followers() {
  for (const auto& follower : all_) loop_.remove(follower->pipe.get());
  loop_.cancel(patience_);
}

void Followers::add(base::UniqueFd pipe) {
  if (all_.size() >= k_most) base::fail("more than {} follow the container already", k_most);
  const int flags = base::check(::fcntl(pipe.get(), F_GETFL), "prepare a stream");
  base::check(::fcntl(pipe.get(), F_SETFL, flags | O_NONBLOCK), "prepare a stream");
  all_.push_back(std::make_unique<Follower>(*this, std::move(pipe)));
  Follower& follower = *all_.back();
  loop_.add(follower.pipe.get(), 0, follower);  // tells when the reader has gone
  follower.pending = record_of("start", "");
  flush(follower);
  look_again();
}

void Followers::pass_on(std::string_view lines) {
  if (all_.empty() || lines.empty()) return;
  for (const auto& follower : all_) {
    if (follower->left_behind) {
      follower->lost += count_lines(lines);
      continue;
    }
    follower->pending += lines;
    flush(*follower);
  }
  look_again();
}

bool Followers::behind() const noexcept {
  return std::ranges::any_of(
      all_, [](const auto& f) { return !f->pending.empty() && !f->left_behind && !f->gone; });
}

void Followers::flush(Follower& follower) {
  auto& pending = follower.pending;
  std::size_t written = 0;
  while (written < pending.size() && !follower.gone) {
    const auto n = base::retry_eintr(
        [&] { return ::write(follower.pipe.get(), pending.data() + written, pending.size() - written); });
    if (n == -1 && errno == EAGAIN) break;
    if (n <= 0)
      follower.gone = true;
    else
      written += static_cast<std::size_t>(n);
  }
  if (written > 0) follower.torn = pending[written - 1] != '\n';
  pending.erase(0, written);
  if (pending.empty() && follower.lost > 0 && !follower.gone) say_what_was_lost(follower);
  if (pending.empty()) follower.left_behind = false;
  if (follower.watched == pending.empty() && !follower.gone) {
    follower.watched = !pending.empty();
    loop_.modify(follower.pipe.get(), follower.watched ? EPOLLOUT : 0U, follower);
  }
}

void Followers::say_what_was_lost(Follower& follower) {
  follower.pending = record_of("lost", base::text("{}", std::exchange(follower.lost, 0)));
  flush(follower);
}

void Followers::Follower::ready(std::uint32_t events) {
  Followers& all = owner;
  if ((events & EPOLLERR) != 0)
    gone = true;
  else
    all.flush(*this);
  all.look_again();  // may be the end of this object
}

// Forgets who has gone, and tells the others whether to go on.
void Followers::look_again() {
  std::erase_if(all_, [this](const auto& follower) {
    if (follower->gone) loop_.remove(follower->pipe.get());
    return follower->gone;
  });
  const bool now = behind();
  if (now == was_behind_) return;
  was_behind_ = now;
  loop_.cancel(patience_);
  if (now) {
    deadline_ = std::chrono::steady_clock::now() + k_patience;
    patience_ = loop_.at(deadline_, [this] { give_up_waiting(); });
  }
  if (changed_) changed_();
}

void Followers::give_up_waiting() {
  patience_ = 0;
  for (const auto& follower : all_) follower->left_behind = !follower->pending.empty();
  look_again();
}

void Followers::settle() {
  for (const auto& follower : all_) {
    while (!follower->pending.empty() && !follower->left_behind && !follower->gone) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
      pollfd room{.fd = follower->pipe.get(), .events = POLLOUT, .revents = 0};
      const auto patience = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
      if (::poll(&room, 1, patience) == 1)
        flush(*follower);
      else if (errno != EINTR || patience == 0)
        follower->left_behind = true;
    }
  }
  look_again();
}

// However long its reader stands still, it will find all that was kept for it, and what was not. Where the
// pipe cannot be made large enough, that is the line it has the beginning of, and a number.
void Followers::last_word(Follower& follower) {
  auto& pending = follower.pending;
  if (pending.empty() && follower.lost == 0) return;
  if (!make_room(follower, pending.size() + k_longest_log_piece)) {
    const auto kept = follower.torn ? pending.find('\n') + 1 : 0;
    follower.lost += count_lines(std::string_view{pending}.substr(kept));
    pending.resize(kept);
    make_room(follower, kept + k_longest_log_piece);
  }
  if (follower.lost != 0) pending += record_of("lost", base::text("{}", follower.lost));
  follower.lost = 0;
  flush(follower);
}

// Twice what is needed: a page of the pipe need not be full.
bool Followers::make_room(const Follower& follower, std::size_t bytes) {
  const int size = ::fcntl(follower.pipe.get(), F_GETPIPE_SZ);
  return ::fcntl(follower.pipe.get(), F_SETPIPE_SZ, size + 2 * static_cast<int>(bytes)) != -1;
}

void Followers::close() {
  settle();
  for (const auto& follower : all_) {
    last_word(*follower);
    follower->gone = true;
  }
  look_again();
}

}  // namespace compose::rt
