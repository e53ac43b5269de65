#pragma once
// Hears that something may have come to a project, or gone: directories of new containers and of those that
// start, the locks of commands that begin and end (inotify). What it was, and whether it concerns the project
// at all, is for the listener to look at. Runs on the command's thread.
#include <functional>
#include <map>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "compose/adapters/paths.hpp"

namespace compose::cli {

class Arrivals {
 public:
  Arrivals(const boost::asio::any_io_executor& executor, adapters::Paths paths);

  // From now on. Again after each time that something was heard, and before a look that must not miss what
  // comes after it: directories may be new.
  void look_out();
  // Calls `then` once, when something was heard; never after close(). `then` keeps this object alive.
  void heard(std::function<void()> then);
  void close();

 private:
  [[nodiscard]] bool take_events();

  adapters::Paths paths_;
  boost::asio::posix::stream_descriptor inotify_;
  std::map<int, std::set<std::string>> parents_;  // watched for the sake of these names alone
};

}  // namespace compose::cli
