#pragma once
// Tells when there is something to read on our standard input. An epoll descriptor of its own watches it:
// Asio makes what it waits for non-blocking, and the shell that we share the input with would see that.
#include <cerrno>
#include <optional>
#include <span>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::cli {

class StandardInput {
 public:
  explicit StandardInput(const boost::asio::any_io_executor& executor)
      : executor_(executor), watch_(executor) {
    base::UniqueFd watch{base::check(::epoll_create1(EPOLL_CLOEXEC), "watch the standard input")};
    epoll_event readable{.events = EPOLLIN, .data = {}};
    // What is always ready, such as a file, epoll refuses: then the executor's next turn is the event.
    if (::epoll_ctl(watch.get(), EPOLL_CTL_ADD, STDIN_FILENO, &readable) == 0) watch_.assign(watch.release());
  }

  template <class Handler>  // void(); not called any more after close()
  void on_readable(Handler handler) {
    if (closed_) return;
    if (!watch_.is_open()) return boost::asio::post(executor_, std::move(handler));
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [handler = std::move(handler)](const boost::system::error_code& error) mutable {
                        if (!error) handler();
                      });
  }

  // nullopt: ask again later; 0: the end.
  static std::optional<std::size_t> read(std::span<char> into) {
    const auto count = ::read(STDIN_FILENO, into.data(), into.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  void close() {
    closed_ = true;
    boost::system::error_code ignored;
    watch_.close(ignored);
  }

 private:
  boost::asio::any_io_executor executor_;
  boost::asio::posix::stream_descriptor watch_;
  bool closed_ = false;
};

}  // namespace compose::cli
