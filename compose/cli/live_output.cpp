#include "compose/cli/live_output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <map>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/text.hpp"
#include "compose/ui/log_merge.hpp"
#include "compose/ui/log_reader.hpp"
#include "compose/ui/log_stream.hpp"
#include "runtime-shim/client/shim_client.hpp"

namespace compose::cli {

namespace asio = boost::asio;

struct LiveOutput::Body : std::enable_shared_from_this<LiveOutput::Body> {
  struct Source {
    LogSource shown;
    std::string until;                  // the time of the newest that was printed
    std::optional<ui::LogReader> past;  // what is in the log before the first stream
    std::string begins;                 // where a stream begins that is held
    std::string given;                  // what the log gave although the stream has it too: up to here
    std::optional<asio::posix::stream_descriptor> pipe;
    ui::LogStream stream;
    bool begun = false;  // the shim has said where the stream begins
    unsigned pipes = 0;  // so many have been opened
  };
  static constexpr int k_pipe_size = 256 << 10;
  static constexpr int k_turn = 8;      // reads, so that everybody gets a turn
  static constexpr int k_all = 100000;  // of a container that has ended

  asio::any_io_executor executor;
  rt::RuntimePaths paths;
  ui::LogPrinter& printer;
  Shown shown;
  std::map<rt::ContainerId, Source> sources;
  Calls calls;
  bool held = false;
  bool closed = false;

  Body(asio::any_io_executor e, rt::RuntimePaths p, ui::LogPrinter& out, Shown what)
      : executor(std::move(e)), paths(std::move(p)), printer(out), shown(std::move(what)) {}

  bool is_shown(const ui::LogLine& line) const {
    return line.time >= shown.since && (shown.until.empty() || line.time <= shown.until);
  }

  static void remember(Source& source, const ui::LogLine& line) {
    source.until = std::max(source.until, line.end.empty() ? line.time : line.end);
  }

  void print(Source& source, const ui::LogLine& line) const {
    if (is_shown(line)) printer.print(source.shown.name, line);
    remember(source, line);
  }

  // The log from where it was not shown yet.
  static ui::LogReader unread(Source& source) {
    if (source.past) return *std::exchange(source.past, std::nullopt);
    ui::LogReader log{source.shown.file};
    log.seek_after(source.until);
    return log;
  }

  // From the log: what was not shown yet, up to where the stream goes on, or all.
  std::uint64_t catch_up(Source& source, const std::string& up_to) const {
    auto log = unread(source);
    log.stop_behind(up_to);
    std::uint64_t lines = 0;
    for (auto line = log.next(); line; line = log.next(), ++lines) print(source, *line);
    source.until = std::max(source.until, up_to);
    source.stream.go_on_with(log.unfinished());
    return lines;
  }

  std::optional<ui::LogLine> next_of_past(Source& source) const {
    for (;;) {
      auto line = source.past->next();
      if (line) remember(source, *line);
      if (!line || is_shown(*line)) return line;
    }
  }

  void print_past() {
    std::vector<ui::PastLog> logs;
    for (auto& [id, source] : sources) {
      if (!source.past) continue;
      source.past->stop_behind(source.begins);
      logs.push_back(
          {.name = source.shown.name, .next = [this, one = &source] { return next_of_past(*one); }});
    }
    ui::print_merged(printer, logs);
  }

  // What was left out of the stream stands in the log, unless that has none or has gone on since.
  void make_up_for(Source& source, const ui::LostLines& lost) const {
    const auto found = catch_up(source, lost.time);
    if (found >= lost.count) return;
    const auto missing = lost.count - found;
    print(source, {.time = lost.time,
                   .error = true,
                   .text = base::text("... {} line{} not shown", missing, missing == 1 ? " was" : "s were")});
  }

  void take(Source& source, const ui::LogStream::Item& item) const {
    if (const auto* line = std::get_if<ui::LogLine>(&item)) {
      if (line->time > source.given) print(source, *line);
    } else if (const auto* start = std::get_if<ui::StreamStart>(&item)) {
      source.begins = start->time;
      if (!held) begin_stream(source);
    } else if (const auto* lost = std::get_if<ui::LostLines>(&item)) {
      make_up_for(source, *lost);
    }
  }

  void begin_stream(Source& source) const {
    const std::string begins = std::exchange(source.begins, {});
    catch_up(source, begins);
    source.given = source.until > begins ? source.until : std::string{};
    source.begun = true;
  }

  // A container that never said where its stream begins ended before it heard of us.
  void end(Source& source) const {
    if (const auto last = source.stream.rest()) print(source, *last);
    if (!source.begun && !held) catch_up(source, "");
    source.pipe.reset();
    source.stream = {};
    source.begun = false;
  }

  static bool is_held(const Source& source) noexcept { return !source.begins.empty(); }

  void take_what_came(Source& source) const {
    while (!is_held(source)) {
      const auto item = source.stream.next();
      if (!item) return;
      take(source, *item);
    }
  }

  void read_some(Source& source, int most) const {
    take_what_came(source);
    std::array<char, 65536> bytes;
    for (int i = 0; i < most && source.pipe && !is_held(source); ++i) {
      const auto count = ::read(source.pipe->native_handle(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) break;
      if (count > 0) source.stream.feed({bytes.data(), static_cast<std::size_t>(count)});
      take_what_came(source);
      if (count <= 0) end(source);
    }
    printer.flush();
  }

  void await(const rt::ContainerId& id) {
    auto& source = sources.at(id);
    source.pipe->async_wait(
        asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this(), id, number = source.pipes](const boost::system::error_code& error) {
          if (error || self->closed || self->sources.at(id).pipes != number) return;
          try {
            self->came(id);
          } catch (...) {
            self->calls.failed(std::current_exception());
          }
        });
  }

  void came(const rt::ContainerId& id) {
    auto& source = sources.at(id);
    const bool knew = is_settled(source);
    read_some(source, k_turn);
    if (source.pipe && !is_held(source)) await(id);
    if (!knew && is_settled(source)) calls.settled(id);
  }

  static bool is_settled(const Source& source) noexcept {
    return !source.pipe || source.begun || is_held(source);
  }

  void go_on() {
    print_past();
    held = false;
    for (auto& [id, source] : sources) {
      if (!is_held(source)) continue;
      begin_stream(source);
      read_some(source, k_turn);
      if (source.pipe) await(id);
    }
  }

  // The shim's end of a new pipe.
  base::UniqueFd open(const rt::ContainerId& id) {
    auto& source = sources.at(id);
    if (source.pipe) read_some(source, k_all);  // of its life before
    ++source.pipes;
    source.stream = {};
    source.begun = false;
    auto pipe = base::sys::make_pipe();
    ::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, k_pipe_size);  // a wish
    base::check(::fcntl(pipe.read_end.get(), F_SETFL, O_RDONLY | O_NONBLOCK), "make the pipe non-blocking");
    source.pipe.emplace(executor, pipe.read_end.release());
    await(id);
    return std::move(pipe.write_end);
  }

  // Where the shim has gone, the pipe ends.
  static asio::awaitable<void> ask(std::shared_ptr<Body> self, rt::ContainerId id, base::UniqueFd pipe) {
    rt::ShimClient shim{self->executor, self->paths, id};
    try {
      co_await shim.follow(std::move(pipe));
    } catch (const base::Error&) {
      // Said above.
    }
  }
};

LiveOutput::LiveOutput(asio::any_io_executor executor, rt::RuntimePaths paths, ui::LogPrinter& printer,
                       Shown shown)
    : body_(std::make_shared<Body>(std::move(executor), std::move(paths), printer, std::move(shown))) {}

LiveOutput::~LiveOutput() {
  body_->closed = true;
  body_->sources.clear();
}

void LiveOutput::on(Calls calls) {
  body_->calls = std::move(calls);
}

void LiveOutput::add(const rt::ContainerId& id, const LogSource& shown) {
  body_->printer.know(shown.name, shown.service);
  Body::Source source{.shown = shown, .until = body_->shown.since};
  if (body_->shown.past) {
    source.past.emplace(shown.file);
    if (shown.tail) source.past->seek_tail(*shown.tail);
  }
  body_->sources.try_emplace(id, std::move(source));
}

void LiveOutput::hold() {
  body_->held = true;
}

bool LiveOutput::all_begun() const {
  return std::ranges::all_of(body_->sources, [](const auto& one) { return Body::is_settled(one.second); });
}

void LiveOutput::go_on() {
  body_->go_on();
}

void LiveOutput::print_past() {
  body_->print_past();
}

base::UniqueFd LiveOutput::begin(const rt::ContainerId& id) {
  return body_->open(id);
}

void LiveOutput::attach(const rt::ContainerId& id) {
  auto& source = body_->sources.at(id);
  body_->read_some(source, Body::k_all);  // the end of its life before may be in there
  if (source.pipe) return;
  asio::co_spawn(body_->executor, Body::ask(body_, id, body_->open(id)), asio::detached);
}

bool LiveOutput::print(const rt::ContainerId& id) {
  auto& source = body_->sources.at(id);
  body_->read_some(source, Body::k_all);
  // One that came and went before its shim could be asked has its lines in the log.
  if (!source.pipe) body_->catch_up(source, "");
  body_->printer.flush();
  return Body::is_settled(source);
}

void LiveOutput::print_all() {
  for (auto& [id, source] : body_->sources) body_->read_some(source, Body::k_turn);
}

}  // namespace compose::cli
