#include "compose/cli/arrivals.hpp"

#include <array>
#include <cstring>
#include <string>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

#include "base/error.hpp"

namespace compose::cli {

Arrivals::Arrivals(const boost::asio::any_io_executor& executor, adapters::Paths paths)
    : paths_(std::move(paths)),
      inotify_(executor,
               base::check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "start watching for new containers")) {}

void Arrivals::look_out() {
  constexpr std::uint32_t k_changes =
      IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR;
  // The last project of all takes the run root away, and the first one makes it.
  for (const auto& directory : {paths_.run_root, paths_.containers()}) {
    const int watch = ::inotify_add_watch(inotify_.native_handle(), directory.parent().c_str(),
                                          IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD);
    if (watch >= 0) parents_[watch].insert(directory.name());
  }
  for (const auto& directory : {paths_.containers(), paths_.run_root, paths_.locks()})
    parents_.erase(::inotify_add_watch(inotify_.native_handle(), directory.c_str(), k_changes));
}

void Arrivals::heard(std::function<void()> then) {
  inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, then = std::move(then)](const boost::system::error_code& error) mutable {
                        if (error) return;
                        if (take_events()) return then();
                        heard(std::move(then));
                      });
}

void Arrivals::close() {
  inotify_.close();
}

// All that have come. True: one of them is not about a stranger beside our directories.
bool Arrivals::take_events() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  bool ours = false;
  for (;;) {
    const auto n =
        base::retry_eintr([&] { return ::read(inotify_.native_handle(), buffer.data(), buffer.size()); });
    if (n <= 0) return ours;
    for (ssize_t at = 0; at < n;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string name = event.len > 0 ? buffer.data() + at + sizeof event : "";
      at += static_cast<ssize_t>(sizeof event + event.len);
      const auto parent = parents_.find(event.wd);
      ours = ours || parent == parents_.end() || parent->second.contains(name);
    }
  }
}

}  // namespace compose::cli
