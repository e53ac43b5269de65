#pragma once
// Follows the logs and the lives of a project's containers: prints their lines, says when one ended, takes in
// those that come later. It is over when all have ended and no other command is changing the project: what a
// restart or a recreation in another terminal stops comes again. Used by `logs -f` and foreground `up`. Runs
// on the command's executor.
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/unique_fd.hpp"
#include "compose/cli/containers.hpp"
#include "compose/ui/log_printer.hpp"

namespace compose::cli {

struct FollowOptions {
  std::string project;
  std::set<std::string> services;  // whose lines are printed; empty: all
  std::optional<int> index;
  std::optional<std::size_t> tail;
  std::string since;
  std::string until;
  bool notes = true;  // "web-1 exited with code 0"
  bool one_offs = false;
  bool live = false;           // only what is written from now on; else the logs with their past
  bool more_expected = false;  // until expect_no_more()
};

struct Ended {
  std::string service;
  std::string name;  // "web-1"
  int exit_code = 0;
};

class LogFollower {
 public:
  LogFollower(Context& context, boost::asio::any_io_executor executor, ui::LogPrinter& printer,
              FollowOptions options);
  ~LogFollower();
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  // Prints what is there. The names of those that are followed, sorted. Not before follow(), but where
  // `live`.
  std::vector<std::string> print_backlog();
  // Until all of them have ended for good, or `ended` says that it is enough. Throws what the output throws.
  using OnEnd = std::function<bool(const Ended&)>;
  boost::asio::awaitable<void> follow(OnEnd ended);
  // From now on the end of all that are there is the end; before, others may still come.
  void expect_no_more();
  // live: where the lines of a container that is about to be started go; none: it is not followed.
  base::UniqueFd begin(const rt::ContainerId& id);
  // Makes follow() return soon.
  void stop();

 private:
  struct Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::cli
