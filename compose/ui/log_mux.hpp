#pragma once
// The logs of many containers as one stream. print_backlog() merges what is there by time; follow() goes on
// with what comes, woken by inotify on the log directories, never polling. Runs on the command's executor.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "base/path.hpp"
#include "compose/ui/log_printer.hpp"

namespace compose::ui {

struct LogSource {
  std::string name;     // "web-1"
  std::string service;  // for the colour
  base::HostPath file;
  std::optional<std::size_t> tail;  // only the last lines of what is there
};

class LogMux {
 public:
  // `since`, `until`: times as in the files; empty: no bound.
  LogMux(boost::asio::any_io_executor executor, LogPrinter& printer, std::string since = {},
         std::string until = {});
  ~LogMux();
  LogMux(const LogMux&) = delete;
  LogMux& operator=(const LogMux&) = delete;

  // A source of that file is added once. Its backlog is printed by the next print_backlog().
  void add(const LogSource& source);
  void print_backlog();
  // Keeps printing until this object ends. An output that nobody reads any more is told to `gone`.
  void follow(std::function<void(std::exception_ptr)> gone);

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::ui
