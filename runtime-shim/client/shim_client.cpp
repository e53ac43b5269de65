#include "runtime-shim/client/shim_client.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/channel.hpp"
#include "base/sys.hpp"
#include "base/wire.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::rt {

namespace asio = boost::asio;

namespace {

constexpr int k_killed = 137;

// A socket address is short; the path goes through a descriptor of its directory.
base::UniqueFd connect_to_shim(const RuntimePaths& paths, const ContainerId& id) {
  const auto directory = base::sys::open_if_exists(paths.run_directory(id), O_PATH | O_DIRECTORY);
  if (!directory) throw NotRunning{};
  base::UniqueFd socket = base::sys::make_socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = base::text("/proc/self/fd/{}/control", directory->get());
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int n = base::retry_eintr(
      [&] { return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address); });
  if (n == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) throw NotRunning{};
  throw base::SysError(errno, "connect to the container's supervisor");
}

// One conversation with a shim.
class Connection {
 public:
  Connection(const asio::any_io_executor& executor, const RuntimePaths& paths, const ContainerId& id)
      : socket_(executor, connect_to_shim(paths, id).release()) {}

  void ask(const std::string& request, std::span<const int> fds = {}) {
    base::send_message(socket_.native_handle(), request, fds);
  }

  struct Answer {
    ControlReply reply;
    base::UniqueFd fd;
  };
  // nullopt: the shim went away without one.
  asio::awaitable<std::optional<Answer>> answer() {
    boost::system::error_code error;
    if (!given_up_)
      co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                                  asio::redirect_error(asio::use_awaitable, error));
    if (given_up_) throw GivenUp{};
    if (error) base::fail("hear the container's supervisor: {}", error.message());
    auto message = receive();
    if (!message) co_return std::nullopt;
    Answer out{.reply = base::from_wire<ControlReply>(message->bytes), .fd = {}};
    if (!message->fds.empty()) out.fd = std::move(message->fds.front());
    co_return out;
  }

  void give_up() {
    given_up_ = true;
    socket_.cancel();
  }

 private:
  std::optional<base::Message> receive() {
    try {
      return base::receive_message(socket_.native_handle());
    } catch (const base::SysError& e) {
      if (e.code() == ECONNRESET) return std::nullopt;
      throw;
    }
  }

  asio::posix::stream_descriptor socket_;
  bool given_up_ = false;
};

void throw_if_refused(const ControlReply& reply) {
  if (reply.kind == ReplyKind::refused) throw ExecRefused(reply.error, reply.exit_code);
}

// The shim has ended without an answer: the container was over before it looked at the request, or it was
// lost.
int last_exit_code(const RuntimePaths& paths, const ContainerId& id) {
  const auto status = read_status(paths, id);
  return status && status->state == ContainerState::exited ? status->exit_code : k_killed;
}

std::string encode(ControlVerb verb, int signal = 0, std::int64_t grace = -1) {
  ControlRequest request;
  request.verb = verb;
  request.signal = signal;
  request.grace = grace;
  return base::to_wire(request);
}

}  // namespace

ExecSession::ExecSession(base::UniqueFd master, std::shared_ptr<void> connection)
    : master_(std::move(master)), connection_(std::move(connection)) {}

asio::awaitable<int> ExecSession::exit_code() {
  const auto connection = std::static_pointer_cast<Connection>(connection_);
  const auto answer = co_await connection->answer();
  co_return answer ? answer->reply.exit_code : k_killed;
}

void ExecSession::give_up() {
  std::static_pointer_cast<Connection>(connection_)->give_up();
}

ShimClient::ShimClient(asio::any_io_executor executor, const RuntimePaths& paths, ContainerId id)
    : executor_(std::move(executor)), paths_(paths), id_(std::move(id)) {}

// GCC 12 destroys temporaries of aggregates twice where they are made inside a co_await expression: every
// request and reply here is a named object.
asio::awaitable<int> ShimClient::converse(std::string request) {
  const auto connection = std::make_shared<Connection>(executor_, paths_, id_);
  conversation_ = connection;
  connection->ask(request);
  if (given_up_) connection->give_up();
  auto answer = co_await connection->answer();
  if (!answer) co_return last_exit_code(paths_, id_);
  throw_if_refused(answer->reply);
  co_return answer->reply.exit_code;
}

void ShimClient::give_up() {
  given_up_ = true;
  if (conversation_) std::static_pointer_cast<Connection>(conversation_)->give_up();
}

asio::awaitable<void> ShimClient::kill(int signal) {
  std::string request = encode(ControlVerb::kill, signal);
  co_await converse(std::move(request));
}

asio::awaitable<void> ShimClient::stop(std::optional<std::chrono::nanoseconds> grace, int signal) {
  std::string request = encode(ControlVerb::stop, signal, grace ? grace->count() : -1);
  co_await converse(std::move(request));
}

asio::awaitable<void> ShimClient::pause() {
  std::string request = encode(ControlVerb::pause);
  co_await converse(std::move(request));
}

asio::awaitable<void> ShimClient::unpause() {
  std::string request = encode(ControlVerb::unpause);
  co_await converse(std::move(request));
}

asio::awaitable<std::shared_ptr<void>> ShimClient::hold() {
  auto connection = std::make_shared<Connection>(executor_, paths_, id_);
  connection->ask(encode(ControlVerb::hold));
  const auto answer = co_await connection->answer();
  if (!answer) base::fail("container is not running");
  throw_if_refused(answer->reply);
  std::shared_ptr<void> held = std::move(connection);
  co_return held;
}

asio::awaitable<int> ShimClient::wait() {
  std::string request = encode(ControlVerb::wait);
  const int code = co_await converse(std::move(request));
  co_return code;
}

asio::awaitable<ExecSession> ShimClient::exec(ExecSpec spec, StdioFds stdio) {
  auto connection = std::make_shared<Connection>(executor_, paths_, id_);
  ControlRequest request;
  request.verb = ControlVerb::exec;
  request.exec = std::move(spec);
  std::vector<int> fds;
  const int given[] = {stdio.input, stdio.output, stdio.error};
  for (unsigned i = 0; i < 3; ++i) {
    if (given[i] < 0 || request.exec.terminal) continue;
    request.exec.stdio |= static_cast<std::uint8_t>(1U << i);
    fds.push_back(given[i]);
  }
  connection->ask(base::to_wire(request), fds);
  auto answer = co_await connection->answer();
  if (!answer) throw ExecRefused("the container ended", k_killed);
  throw_if_refused(answer->reply);
  ExecSession session{std::move(answer->fd), std::move(connection)};
  co_return session;
}

asio::awaitable<base::UniqueFd> ShimClient::attach(int output, int error, bool close_stdin_after) {
  Connection connection{executor_, paths_, id_};
  const int fds[] = {output, error};
  ControlRequest request;
  request.verb = ControlVerb::attach;
  request.close_stdin_after = close_stdin_after;
  connection.ask(base::to_wire(request), fds);
  auto answer = co_await connection.answer();
  if (!answer) base::fail("container is not running");
  throw_if_refused(answer->reply);
  co_return std::move(answer->fd);
}

asio::awaitable<void> ShimClient::follow(base::UniqueFd pipe) {
  Connection connection{executor_, paths_, id_};
  const int fd = pipe.get();
  const std::string request = encode(ControlVerb::follow);
  connection.ask(request, {&fd, 1});
  pipe.reset();  // its end is the shim's to make
  auto answer = co_await connection.answer();
  if (!answer) base::fail("container is not running");
  throw_if_refused(answer->reply);
}

}  // namespace compose::rt
