#include "compose/ui/log_mux.hpp"

#include <array>
#include <cerrno>
#include <exception>
#include <map>
#include <queue>
#include <sys/inotify.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/error.hpp"

namespace compose::ui {

namespace asio = boost::asio;

struct LogMux::Body : std::enable_shared_from_this<LogMux::Body> {
  struct Source {
    std::string name;
    LogReader reader;
    std::optional<LogLine> line;  // the next one to print
    base::HostPath directory;
    bool watched = false;
  };

  LogPrinter& printer;
  std::string since;
  std::string until;
  asio::posix::stream_descriptor inotify;
  std::vector<Source> sources;
  std::map<std::string, std::size_t> by_file;
  std::function<void(std::exception_ptr)> gone;

  Body(const asio::any_io_executor& executor, LogPrinter& p, std::string from, std::string to)
      : printer(p), since(std::move(from)), until(std::move(to)), inotify(executor) {
    inotify.assign(base::check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "start watching log files"));
  }

  void advance(Source& source) const {
    do source.line = source.reader.next();
    while (source.line && !since.empty() && source.line->time < since);
    if (source.line && !until.empty() && source.line->time > until) source.line.reset();
  }

  // A merge of sorted streams: the heap holds the sources by the time of their next line.
  void print_backlog() {
    const auto later = [this](std::size_t a, std::size_t b) {
      return std::pair{sources[a].line->time, a} > std::pair{sources[b].line->time, b};
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next{later};
    for (std::size_t i = 0; i < sources.size(); ++i) {
      watch(sources[i]);
      advance(sources[i]);
      if (sources[i].line) next.push(i);
    }
    while (!next.empty()) {
      const auto i = next.top();
      next.pop();
      printer.print(sources[i].name, *sources[i].line);
      advance(sources[i]);
      if (sources[i].line) next.push(i);
    }
    printer.flush();
  }

  // Before it is read, so that nothing is missed. A container that is being made may have no directory yet:
  // then it has written nothing, and is asked again when it starts.
  void watch(Source& source) {
    if (source.watched) return;
    const int descriptor = ::inotify_add_watch(inotify.native_handle(), source.directory.c_str(),
                                               IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
    if (descriptor == -1 && errno == ENOENT) return;
    base::check(descriptor, "watch '{}'", source.directory.str());
    source.watched = true;
  }

  void read_events() {
    alignas(::inotify_event) std::array<char, 65536> buffer;
    for (;;) {
      const auto count = ::read(inotify.native_handle(), buffer.data(), buffer.size());
      if (count <= 0) return;
    }
  }

  void await_events() {
    inotify.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (error) return;
                         try {
                           self->read_events();
                           self->print_backlog();
                         } catch (...) {
                           self->gone(std::current_exception());
                           return;
                         }
                         self->await_events();
                       });
  }
};

LogMux::LogMux(asio::any_io_executor executor, LogPrinter& printer, std::string since, std::string until)
    : body_(std::make_shared<Body>(executor, printer, std::move(since), std::move(until))) {}

LogMux::~LogMux() {
  body_->inotify.close();
}

void LogMux::add(const LogSource& source) {
  const auto [unused, is_new] = body_->by_file.try_emplace(source.file.str(), body_->sources.size());
  if (!is_new) return;
  body_->printer.know(source.name, source.service);
  body_->sources.push_back({source.name, LogReader{source.file}, std::nullopt, source.file.parent()});
  if (source.tail) body_->sources.back().reader.seek_tail(*source.tail);
}

void LogMux::print_backlog() {
  body_->print_backlog();
}

void LogMux::follow(std::function<void(std::exception_ptr)> gone) {
  body_->gone = std::move(gone);
  body_->await_events();
}

}  // namespace compose::ui
