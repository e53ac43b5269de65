#include "runtime-shim/client/status_watch.hpp"

#include <cstring>
#include <map>
#include <poll.h>
#include <set>
#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::rt {

namespace asio = boost::asio;

// One inotify descriptor for all: the run root tells of directories that come, each directory of its status
// and its lock.
class StatusWatch::Body {
 public:
  Body(asio::any_io_executor executor, RuntimePaths paths)
      : paths_(std::move(paths)),
        inotify_(executor, base::check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "watch containers")),
        timer_(executor) {
    watch_root();
  }

  void add(const ContainerId& id) {
    if (!ids_.insert(id).second) return;
    changed_.insert(id);
    if (watch_directory(id)) return;
    watch_root();  // the one before may have gone with the last container
    watch_directory(id);
  }

  void remove(const ContainerId& id) {
    ids_.erase(id);
    changed_.erase(id);
    std::erase_if(watches_, [&](const auto& entry) {
      if (entry.second != id) return false;
      ::inotify_rm_watch(inotify_.native_handle(), entry.first);
      return true;
    });
  }

  asio::awaitable<std::vector<ContainerId>> changed(std::chrono::steady_clock::time_point deadline) {
    take_events();
    bool in_time = std::chrono::steady_clock::now() < deadline;
    while (changed_.empty() && in_time) {
      in_time = co_await wait(deadline);
      take_events();
    }
    const auto taken = std::exchange(changed_, {});
    co_return std::vector<ContainerId>{taken.begin(), taken.end()};
  }

 private:
  // False: the deadline came first.
  asio::awaitable<bool> wait(std::chrono::steady_clock::time_point deadline) {
    boost::system::error_code error;
    bool expired = false;
    timer_.expires_at(deadline);
    timer_.async_wait([&](const boost::system::error_code& e) {
      if (e) return;
      expired = true;
      inotify_.cancel();
    });
    co_await inotify_.async_wait(asio::posix::stream_descriptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
    timer_.cancel();
    co_return !expired;
  }

  void watch_root() {
    do {  // again where the last project takes the run root away meanwhile
      base::sys::make_directories(paths_.run_root, 0711);
      root_ = ::inotify_add_watch(inotify_.native_handle(), paths_.run_root.c_str(), IN_CREATE | IN_ONLYDIR);
    } while (root_ == -1 && errno == ENOENT);
    base::check(root_, "watch '{}'", paths_.run_root.str());
  }

  // False: it is not there.
  bool watch_directory(const ContainerId& id) {
    // A rename into `status`, the end of a shim (its descriptor of `alive` closes), the end of the directory
    // itself.
    const int watch = ::inotify_add_watch(inotify_.native_handle(), paths_.run_directory(id).c_str(),
                                          IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_ONLYDIR);
    if (watch >= 0)
      watches_[watch] = id;
    else if (errno != ENOENT)
      throw base::SysError(errno, base::text("watch '{}'", paths_.run_directory(id).str()));
    return watch >= 0;
  }

  // The kernel tells of the closing a moment before it drops the lock.
  void wait_for_lock(const ContainerId& id) const {
    constexpr int k_attempts = 20;
    for (int attempt = 0; attempt < k_attempts && shim_alive(paths_, id); ++attempt) ::poll(nullptr, 0, 1);
  }

  void take_events() {
    alignas(inotify_event) char buffer[4096];
    for (;;) {
      const auto n =
          base::retry_eintr([&] { return ::read(inotify_.native_handle(), buffer, sizeof buffer); });
      if (n <= 0) return;
      for (ssize_t at = 0; at < n;) {
        inotify_event event{};
        std::memcpy(&event, buffer + at, sizeof event);
        const std::string name = event.len > 0 ? buffer + at + sizeof event : "";
        at += static_cast<ssize_t>(sizeof event + event.len);
        take_event(event, name);
      }
    }
  }

  void take_event(const inotify_event& event, const std::string& name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      changed_ = ids_;
      return;
    }
    if (event.wd == root_) {
      const ContainerId id{name};
      if (!ids_.contains(id)) return;
      watch_directory(id);
      changed_.insert(id);
      return;
    }
    const auto found = watches_.find(event.wd);
    if (found == watches_.end()) return;
    const bool shim_ended = (event.mask & IN_CLOSE_WRITE) != 0 && name == "alive";
    if (shim_ended) wait_for_lock(found->second);
    if (shim_ended || (event.mask & IN_CLOSE_WRITE) == 0) changed_.insert(found->second);
    if ((event.mask & IN_IGNORED) != 0) watches_.erase(found);
  }

  RuntimePaths paths_;
  asio::posix::stream_descriptor inotify_;
  asio::steady_timer timer_;
  int root_ = -1;
  std::map<int, ContainerId> watches_;
  std::set<ContainerId> ids_;
  std::set<ContainerId> changed_;
};

StatusWatch::StatusWatch(asio::any_io_executor executor, RuntimePaths paths)
    : body_(std::make_shared<Body>(std::move(executor), std::move(paths))) {}
StatusWatch::~StatusWatch() = default;
void StatusWatch::add(const ContainerId& id) {
  body_->add(id);
}
void StatusWatch::remove(const ContainerId& id) {
  body_->remove(id);
}
asio::awaitable<std::vector<ContainerId>> StatusWatch::changed(
    std::chrono::steady_clock::time_point deadline) {
  return body_->changed(deadline);
}

}  // namespace compose::rt
