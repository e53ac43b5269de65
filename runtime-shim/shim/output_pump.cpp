#include "runtime-shim/shim/output_pump.hpp"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace compose::rt {
namespace {

char g_read_buffer[16U << 10U];  // used by one read at a time

void make_non_blocking(int fd) {
  const int flags = base::check(::fcntl(fd, F_GETFL), "prepare a stream");
  base::check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "prepare a stream");
}

}  // namespace

OutputPump::~OutputPump() {
  close_source();
  for (auto& tee : tees_) loop_.remove(tee->socket.get());
}

void OutputPump::open(base::UniqueFd source) {
  close_source();
  source_ = std::move(source);
  make_non_blocking(source_.get());
  watch();
}

void OutputPump::watch() {
  const bool wanted = source_ && !followers_.behind() &&
                      std::ranges::all_of(tees_, [](const auto& t) { return t->pending.empty(); });
  if (wanted == watched_) return;
  if (wanted)
    loop_.add(source_.get(), EPOLLIN, *this);
  else
    loop_.remove(source_.get());
  watched_ = wanted;
}

void OutputPump::close_source() {
  if (watched_) loop_.remove(source_.get());
  watched_ = false;
  source_.reset();
}

void OutputPump::ready(std::uint32_t) {
  if (!take_some() && source_) return;
  forget_broken();
  watch();
}

bool OutputPump::take_some() {
  const auto n =
      base::retry_eintr([&] { return ::read(source_.get(), g_read_buffer, sizeof g_read_buffer); });
  if (n > 0) {
    pass_on({g_read_buffer, static_cast<std::size_t>(n)});
    return true;
  }
  if (n == -1 && errno == EAGAIN) return false;
  close_source();  // the end; a pty says EIO when its last user has gone
  return false;
}

void OutputPump::pass_on(std::string_view bytes) {
  std::string lines;
  framing_.feed(bytes, base::wall_nanoseconds(), lines);
  log(lines);
  for (auto& tee : tees_) write_to(*tee, bytes);
}

void OutputPump::log(std::string_view lines) {
  log_.write(lines);
  followers_.pass_on(lines);
}

void OutputPump::drain() {
  // Bounded: a process that escaped with the pipe could keep it filled for ever.
  constexpr int k_most_reads = 4096;
  for (int i = 0; i < k_most_reads && source_ && take_some(); ++i) followers_.settle();
  close_source();
  std::string last;
  framing_.finish(base::wall_nanoseconds(), last);
  log(last);
  followers_.settle();
  forget_broken();
}

void OutputPump::add_tee(base::UniqueFd fd) {
  make_non_blocking(fd.get());
  tees_.push_back(std::make_unique<Tee>(*this, std::move(fd)));
}

// What a slow client has not taken yet is given a moment, then it is cut off.
void OutputPump::close_tees() {
  constexpr int k_patience_ms = 2000;
  for (auto& tee : tees_) {
    while (!tee->pending.empty() && !tee->broken) {
      pollfd p{.fd = tee->socket.get(), .events = POLLOUT, .revents = 0};
      if (::poll(&p, 1, k_patience_ms) != 1) break;
      flush(*tee);
    }
    loop_.remove(tee->socket.get());  // closing is not enough: the client may hold the same open file
  }
  tees_.clear();
}

void OutputPump::write_to(Tee& tee, std::string_view bytes) {
  if (tee.broken) return;
  const bool waiting = !tee.pending.empty();
  tee.pending += bytes;
  if (waiting) return;
  flush(tee);
  if (!tee.pending.empty() && !tee.broken) loop_.add(tee.socket.get(), EPOLLOUT, tee);
}

void OutputPump::flush(Tee& tee) {
  while (!tee.pending.empty()) {
    const auto n =
        base::retry_eintr([&] { return ::write(tee.socket.get(), tee.pending.data(), tee.pending.size()); });
    if (n == -1 && errno == EAGAIN) return;
    if (n <= 0) {
      tee.broken = true;  // the client has gone
      tee.pending.clear();
      return;
    }
    tee.pending.erase(0, static_cast<std::size_t>(n));
  }
}

void OutputPump::forget_broken() {
  std::erase_if(tees_, [](const auto& tee) { return tee->broken; });
}

void OutputPump::Tee::ready(std::uint32_t) {
  owner.flush(*this);
  if (!pending.empty()) return;
  owner.loop_.remove(socket.get());
  owner.loop_.remove(socket.get());
  pending.clear();
  OutputPump& pump = owner;
  pump.forget_broken();  // may be the end of this object
  pump.watch();
}

}  // namespace compose::rt
