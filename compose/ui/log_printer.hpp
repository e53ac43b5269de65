#pragma once
// Lines of many containers on one screen: `web-1  | hello`. Names are padded to the longest one that is
// known; each has a colour of its own, the same for all replicas of a service. Container stdout goes to
// stdout, stderr to stderr, in order.
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "compose/ui/log_reader.hpp"
#include "compose/ui/output.hpp"

namespace compose::ui {

struct LogStyle {
  bool prefix = true;
  bool timestamps = false;
  bool colour = false;
};

class LogPrinter {
 public:
  LogPrinter(Output& out, Output& err, LogStyle style) : out_(out), err_(err), style_(style) {}
  // `name` as shown, "web-1"; `service` chooses the colour. Known names set the width of the prefix.
  void know(const std::string& name, const std::string& service);
  void print(const std::string& name, const LogLine& line);
  // A line of ours about a container: "web-1 exited with code 0".
  void note(const std::string& text);
  void flush();
  // Called before something is written: what else draws on this screen makes room.
  void before_printing(std::function<void()> call) { before_printing_ = std::move(call); }
  // Called when all that was printed is on the screen.
  void after_flushing(std::function<void()> call) { after_flushing_ = std::move(call); }

 private:
  Output& out_;
  Output& err_;
  LogStyle style_;
  std::size_t width_ = 0;
  std::map<std::string, std::size_t> colour_of_service_;
  std::map<std::string, std::size_t> colour_of_name_;
  bool last_was_error_ = false;
  std::function<void()> before_printing_;
  std::function<void()> after_flushing_;
};

}  // namespace compose::ui
