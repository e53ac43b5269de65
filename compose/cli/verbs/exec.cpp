#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/exec_stdio.hpp"
#include "compose/cli/terminal_relay.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/style.hpp"
#include "runtime-shim/client/shim_client.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

class ExecVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-d,--detach", detach_, "Run the command in the background");
    a.values("-e,--env", environment_, "KEY[=VALUE]",
             "Set a variable; without a value it is taken from here; repeatable");
    a.value("--index", index_, "int", "Which replica (default: the first that runs)");
    a.flag("-T,--no-tty,--no-TTY", no_tty_,
           "No terminal (default: one where input and output are terminals)");
    a.flag("--privileged", privileged_, "With all capabilities");
    a.value("-u,--user", user_, "user", "Run as this user: name or id, user:group");
    a.value("-w,--workdir", directory_, "path", "Directory in the container to run in");
    a.flag("-i,--interactive", interactive_, "!");
    a.flag("-t,--tty", tty_, "!");
    a.words_verbatim(words_, "SERVICE COMMAND [ARGS...]", "A service, and a command to run in its container",
                     2);
    a.examples(
        "  compose exec silo sh\n  compose exec --index 2 -e LEVEL=debug silo env\n  compose exec -T db dump "
        "< in.sql\n");
  }

  int run(Context& context) override {
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, {words_.front()});
    const auto& chosen = choose_replica(containers, words_.front(), index_);
    asio::io_context io{1};
    std::exception_ptr failure;
    int code = 0;
    asio::co_spawn(io, run_in(io, context, chosen.record.id, code), [&](std::exception_ptr e) {
      failure = e;
      io.stop();
    });
    io.run();
    context.phase_done("exec");
    if (failure) return failed(failure);
    return code;
  }

 private:
  static int failed(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const rt::ExecRefused& e) {
      tell_error(e.what());
      return e.exit_code();
    }
  }

  rt::ExecSpec spec() const {
    rt::ExecSpec spec{.argv = {words_.begin() + 1, words_.end()},
                      .directory = directory_,
                      .user = user_,
                      .privileged = privileged_};
    for (const auto& entry : environment_) {
      if (entry.find('=') != std::string::npos)
        spec.environment.push_back(entry);
      else if (const auto value = base::sys::environment(entry.c_str()))
        spec.environment.push_back(entry + "=" + *value);
    }
    const bool terminals = ui::is_terminal(STDIN_FILENO) && ui::is_terminal(STDOUT_FILENO);
    spec.terminal = !no_tty_ && !detach_ && tty_ && terminals;
    const auto size = ui::window_size(STDOUT_FILENO);
    spec.rows = static_cast<std::uint16_t>(size.rows);
    spec.columns = static_cast<std::uint16_t>(size.columns);
    return spec;
  }

  asio::awaitable<void> run_in(asio::io_context& io, Context& context, rt::ContainerId id, int& code) const {
    rt::ShimClient client{io.get_executor(), context.paths().runtime(), id};
    auto wanted = spec();
    const bool terminal = wanted.terminal;
    ExecStdio stdio{io.get_executor()};
    if (!terminal && !detach_) stdio.prepare(interactive_);
    auto session = co_await client.exec(std::move(wanted), stdio.inside());
    if (detach_) co_return;
    if (!terminal) {
      stdio.begin();
      code = co_await session.exit_code();
      stdio.drain();
      co_return;
    }
    TerminalRelay relay{io.get_executor(), session.take_master()};
    code = co_await session.exit_code();
    relay.drain();
  }

  bool detach_ = false;
  std::vector<std::string> environment_;
  std::optional<int> index_;
  bool no_tty_ = false;
  bool privileged_ = false;
  std::string user_;
  std::string directory_;
  bool interactive_ = true;
  bool tty_ = true;
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_exec() {
  return std::make_unique<ExecVerb>();
}

}  // namespace compose::cli
