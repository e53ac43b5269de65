#include "runtime-shim/client/launcher.hpp"

#include <map>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "runtime-shim/client/launcher_process.hpp"

namespace compose::rt {

namespace asio = boost::asio;

HostPath find_shim_program() {
  if (const auto named = base::sys::environment("COMPOSE_SHIM")) return HostPath{*named};
  char self[4096];
  const auto n = base::check(::readlink("/proc/self/exe", self, sizeof self), "find the own program");
  const HostPath directory = HostPath{std::string(self, static_cast<std::size_t>(n))}.parent();
  for (const auto& candidate :
       {directory / "compose-shim", directory.parent() / "libexec/compose/compose-shim"})
    if (base::sys::exists(candidate)) return candidate;
  base::fail("the program 'compose-shim' is neither in '{}' nor in '{}'", directory.str(),
             (directory.parent() / "libexec/compose").str());
}

class Launcher::Body : public std::enable_shared_from_this<Launcher::Body> {
 public:
  Body(asio::any_io_executor executor, RuntimePaths paths, HostPath program, int held)
      : executor_(std::move(executor)), paths_(std::move(paths)), program_(std::move(program)), held_(held) {}

  void ensure_started(const std::string& project) {
    if (socket_) return;
    mount_points_ = ensure_mount_points(paths_.data_root);
    auto started = start_launcher(
        program_, {.held_while_starting = held_, .cgroup_root = paths_.cgroup_root(), .project = project});
    process_.emplace(std::move(started.process));
    socket_.emplace(executor_, started.socket.release());
  }

  void submit(StartRequest request, Finished finished) {
    ensure_started(request.spec.project);
    const std::uint64_t ticket = ++last_ticket_;
    waiting_[ticket] = {request.spec.id, std::move(finished)};
    try {
      send(request, ticket);
    } catch (...) {
      waiting_.erase(ticket);
      throw;
    }
    watch();
  }

  void close() {
    closed_ = true;
    if (socket_) socket_->close();
  }

 private:
  void send(StartRequest& request, std::uint64_t ticket) {
    StartHeader header{.ticket = ticket,
                       .run_root = paths_.run_root,
                       .log_directory = paths_.log_directory(request.spec.id),
                       .mount_points = mount_points_,
                       .cgroup_root = paths_.cgroup_root(),
                       .tee_output = request.tee.has_value(),
                       .followed = static_cast<bool>(request.follower),
                       .networked = request.networked,
                       .gated = request.gated};
    std::vector<int> fds;
    for (const auto& held : request.held_sockets) {
      header.held_ports.push_back(held.port_index);
      fds.push_back(held.socket.get());
    }
    if (request.tee) {
      fds.push_back(request.tee->first.get());
      fds.push_back(request.tee->second.get());
    }
    if (request.follower) fds.push_back(request.follower.get());
    if (request.lane) fds.push_back(request.lane.get());
    base::fault_point("launcher.submit");
    send_start(socket_->native_handle(), header, request.spec, fds);
  }

  // One wait at a time, only while a report is due: an idle launcher keeps no event loop alive.
  void watch() {
    if (watching_ || waiting_.empty() || closed_) return;
    watching_ = true;
    socket_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          self->watching_ = false;
                          if (!error) self->take_report();
                        });
  }

  void take_report() {
    try {
      const auto message = base::receive_message(socket_->native_handle());
      if (!message) return fail_all("the launcher ended without a report");
      const StartReport report = decode_report(message->bytes);
      if (report.id.empty()) return fail_all(report.error);
      // Of a shim that dies later than its report nobody waits for another one.
      if (auto node = waiting_.extract(report.ticket)) node.mapped().second(report);
    } catch (const base::Error& e) {
      return fail_all(e.what());
    }
    watch();
  }

  void fail_all(const std::string& why) {
    for (auto& [ticket, one] : std::exchange(waiting_, {}))
      one.second({.id = one.first, .ticket = ticket, .ok = false, .error = why, .exit_code = 125});
    socket_.reset();  // the next submit starts another launcher
  }

  asio::any_io_executor executor_;
  RuntimePaths paths_;
  HostPath program_;
  int held_;
  HostPath mount_points_;
  std::optional<base::Process> process_;
  std::optional<asio::posix::stream_descriptor> socket_;
  std::map<std::uint64_t, std::pair<ContainerId, Finished>> waiting_;
  std::uint64_t last_ticket_ = 0;
  bool watching_ = false;
  bool closed_ = false;
};

Launcher::Launcher(asio::any_io_executor executor, RuntimePaths paths, HostPath shim_program,
                   int held_while_starting)
    : body_(std::make_shared<Body>(std::move(executor), std::move(paths), std::move(shim_program),
                                   held_while_starting)) {}

Launcher::~Launcher() {
  body_->close();
}

void Launcher::prepare(const std::string& project) {
  body_->ensure_started(project);
}

void Launcher::submit(StartRequest request, Finished finished) {
  body_->submit(std::move(request), std::move(finished));
}

asio::awaitable<StartReport> Launcher::start(StartRequest request) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(StartReport)>(
      [this](auto handler, StartRequest r) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        submit(std::move(r), [shared](const StartReport& report) { (*shared)(report); });
      },
      asio::use_awaitable, std::move(request));
}

}  // namespace compose::rt
