#include <csignal>
#include <exception>
#include <functional>
#include <optional>
#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/terminal_relay.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/style.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

// Our standard streams and those of a container's first process, until that ends or the keys are typed.
class Attachment {
 public:
  Attachment(asio::io_context& io, rt::RuntimePaths paths, rt::ContainerId id)
      : io_(io), paths_(std::move(paths)), id_(std::move(id)), signals_(io) {}

  // The exit code. `keys`: none without input.
  asio::awaitable<int> run(bool terminal, std::optional<DetachKeys> keys, std::function<void()> detached) {
    auto output = base::sys::make_pipe();
    auto error = base::sys::make_pipe();
    rt::ShimClient client{io_.get_executor(), paths_, id_};
    auto descriptor = co_await client.attach(output.write_end.get(), error.write_end.get(), false);
    output.write_end.reset();
    error.write_end.reset();
    OutputRelay from_output{io_.get_executor(), std::move(output.read_end), STDOUT_FILENO};
    OutputRelay from_error{io_.get_executor(), std::move(error.read_end), STDERR_FILENO};
    std::optional<TerminalRelay> relay;
    std::optional<InputRelay> input;
    if (keys && descriptor && terminal) {
      relay.emplace(io_.get_executor(), std::move(descriptor));
      relay->detach_on(std::move(*keys), std::move(detached));
    } else if (keys && descriptor) {
      input.emplace(io_.get_executor(), std::move(descriptor));
    }
    const int code = co_await exit_code(client);
    from_output.drain();
    from_error.drain();
    co_return code;
  }

  void hear_signals(bool pass_on) {
    for (const int signal : {SIGINT, SIGTERM}) signals_.add(signal);
    if (pass_on)
      for (const int signal : {SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) signals_.add(signal);
    await_signal(pass_on);
  }

 private:
  void await_signal(bool pass_on) {
    signals_.async_wait([this, pass_on](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (!pass_on) throw Interrupted{signal};
      asio::co_spawn(io_, send(paths_, id_, io_.get_executor(), signal), asio::detached);
      await_signal(pass_on);
    });
  }

  // A supervisor that has gone already has left the status behind.
  asio::awaitable<int> exit_code(rt::ShimClient& client) const {
    try {
      co_return co_await client.wait();
    } catch (const base::Error&) {
      const auto status = rt::read_status(paths_, id_);
      co_return status ? status->exit_code : 1;
    }
  }

  static asio::awaitable<void> send(rt::RuntimePaths paths, rt::ContainerId id,
                                    asio::any_io_executor executor, int signal) {
    rt::ShimClient client{std::move(executor), std::move(paths), std::move(id)};
    try {
      co_await client.kill(signal);
    } catch (const base::Error&) {
      // It has ended.
    }
  }

  asio::io_context& io_;
  rt::RuntimePaths paths_;
  rt::ContainerId id_;
  asio::signal_set signals_;
};

class AttachVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--detach-keys", keys_, "keys",
            "Keys that leave a terminal, and the container running (default ctrl-p,ctrl-q)");
    a.value("--index", index_, "int", "Which replica (default: the first that runs)");
    a.flag("--no-stdin", no_stdin_, "Output only");
    a.flag("--sig-proxy", sig_proxy_, "Pass signals on to the process (default true)");
    a.words(service_, "SERVICE", "A service", 1, 1);
    a.examples("  compose attach silo\n  compose attach --no-stdin --sig-proxy=false silo\n");
  }

  int run(Context& context) override {
    DetachKeys keys{keys_.empty() ? DetachKeys::k_default : std::string_view{keys_}};
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, service_);
    const auto& chosen = choose_replica(containers, service_.front(), index_);
    if (chosen.status.state != rt::ContainerState::running)
      base::fail("container {} is {}", chosen.record.name, state_word(chosen.status.state));
    const auto spec = context.state().spec(chosen.record.id);
    const bool with_input = !no_stdin_ && spec.process.stdin_open;
    if (with_input && spec.process.terminal && !ui::is_terminal(STDIN_FILENO))
      base::fail("container {} has a terminal, and the input is none; --no-stdin attaches the output alone",
                 chosen.record.name);
    if (context.options().dry_run) return 0;
    return attach(context, chosen.record.id, spec.process.terminal,
                  with_input ? std::optional{std::move(keys)} : std::nullopt);
  }

 private:
  int attach(Context& context, const rt::ContainerId& id, bool terminal,
             std::optional<DetachKeys> keys) const {
    asio::io_context io{1};
    Attachment attachment{io, context.paths().runtime(), id};
    attachment.hear_signals(sig_proxy_);
    std::exception_ptr failure;
    int code = 0;
    asio::co_spawn(io, attachment.run(terminal, std::move(keys), [&io] { io.stop(); }),
                   [&](std::exception_ptr e, int ended_with) {
                     failure = e;
                     code = ended_with;
                     io.stop();
                   });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return code;
  }

  std::string keys_;
  std::optional<int> index_;
  bool no_stdin_ = false;
  bool sig_proxy_ = true;
  std::vector<std::string> service_;
};

}  // namespace

std::unique_ptr<Verb> make_attach() {
  return std::make_unique<AttachVerb>();
}

}  // namespace compose::cli
