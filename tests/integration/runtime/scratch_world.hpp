#pragma once
// A place to run containers in: data and run roots of its own, a root file system made of the static busybox,
// a launcher. Whatever is left of its containers is removed at the end.
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/file.hpp"
#include "base/sys.hpp"
#include "runtime-shim/client/launcher.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::test {

class ScratchWorld {
 public:
  ScratchWorld();
  ~ScratchWorld();

  // A container of the busybox image with Docker's default capabilities, in a network namespace of its own.
  rt::ContainerSpec spec(std::vector<std::string> argv);
  rt::StartReport start(const rt::ContainerSpec& spec);
  rt::StartReport start_shell(const std::string& script) { return start(spec({"sh", "-c", script})); }
  // Starts it and waits for its end; the exit code.
  int run(const rt::ContainerSpec& spec);
  int wait(const rt::ContainerId& id);
  void stop(const rt::ContainerId& id, std::chrono::nanoseconds grace = std::chrono::nanoseconds{0});
  std::optional<rt::ContainerStatus> status(const rt::ContainerId& id) { return rt::read_status(paths, id); }
  // The log without times: "stdout F text\n" ...
  std::string log(const rt::ContainerId& id);
  // Only the text of complete lines on stdout.
  std::string output(const rt::ContainerId& id);

  struct ExecResult {
    std::string output;
    int exit_code = 0;
  };
  ExecResult exec(const rt::ContainerId& id, std::vector<std::string> argv, rt::ExecSpec extra = {});

  template <class T>
  T await(boost::asio::awaitable<T> task);

  base::TemporaryDirectory directory;
  rt::RuntimePaths paths;
  base::HostPath image;
  boost::asio::io_context context{1};
  std::optional<rt::Launcher> launcher;
  std::vector<rt::ContainerId> started;
};

template <class T>
T ScratchWorld::await(boost::asio::awaitable<T> task) {
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e) { failure = e; });
    context.restart();
    context.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e, T value) {
      failure = e;
      if (!e) result.emplace(std::move(value));
    });
    context.restart();
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

}  // namespace compose::test
