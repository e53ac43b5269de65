#include "images/build/agent_socket.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"
#include "images/host_tool.hpp"

namespace compose::images {
namespace {

using base::HostPath;
using base::UniqueFd;

constexpr int k_agent_backlog = 16;
constexpr std::size_t k_most_connections = 64;
constexpr int k_agent_patience = 5000;  // milliseconds

// Addresses of sockets are short and paths may be long: the directory is named by descriptor.
struct SocketAddress {
  explicit SocketAddress(const HostPath& path)
      : directory(base::sys::open(path.parent(), O_PATH | O_DIRECTORY)) {
    const auto name = base::text("/proc/self/fd/{}/{}", directory.get(), path.name());
    if (name.size() >= sizeof address.sun_path)
      base::fail("the name of the socket '{}' is too long", path.str());
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  }
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&address); }
  UniqueFd directory;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
};

UniqueFd connect_to_agent(const HostPath& agent) {
  const SocketAddress address{agent};
  auto socket = base::sys::make_socket(AF_UNIX, SOCK_STREAM, 0);
  base::check(
      base::retry_eintr([&] { return ::connect(socket.get(), address.get(), sizeof address.address); }),
      "connect to the ssh agent '{}'", agent.str());
  return socket;
}

struct Connection {
  UniqueFd client;
  UniqueFd agent;
};

// False: one side has closed. Requests and answers are small and one follows the other, so that writing does
// not block for long.
bool pass_on(int from, int to) {
  std::array<char, 16384> buffer;
  const auto n = base::retry_eintr([&] { return ::read(from, buffer.data(), buffer.size()); });
  if (n <= 0) return false;
  std::string_view rest{buffer.data(), static_cast<std::size_t>(n)};
  while (!rest.empty()) {
    const auto written =
        base::retry_eintr([&] { return ::send(to, rest.data(), rest.size(), MSG_NOSIGNAL); });
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void accept_one(int listening, const HostPath& agent, std::vector<Connection>& connections) {
  UniqueFd client{base::retry_eintr([&] { return ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC); })};
  if (!client || connections.size() >= k_most_connections) return;
  try {
    auto to_agent = connect_to_agent(agent);
    connections.push_back({std::move(client), std::move(to_agent)});
  } catch (const base::Error&) {
    // The agent has gone; the client hears it by the end of its connection.
  }
}

[[noreturn]] void pass_connections(int listening, const HostPath& agent) {
  std::vector<Connection> connections;
  for (;;) {
    std::vector<::pollfd> polled{{.fd = listening, .events = POLLIN, .revents = 0}};
    for (const auto& connection : connections)
      for (const int fd : {connection.client.get(), connection.agent.get()})
        polled.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    base::check(base::retry_eintr([&] { return ::poll(polled.data(), polled.size(), -1); }),
                "wait for connections");
    std::vector<Connection> kept;
    for (std::size_t i = 0; i < connections.size(); ++i) {
      const auto& [client, to_agent] = connections[i];
      const bool open = (polled[1 + 2 * i].revents == 0 || pass_on(client.get(), to_agent.get())) &&
                        (polled[2 + 2 * i].revents == 0 || pass_on(to_agent.get(), client.get()));
      if (open) kept.push_back(std::move(connections[i]));
    }
    connections = std::move(kept);
    if (polled[0].revents != 0) accept_one(listening, agent, connections);
  }
}

}  // namespace

AgentSocket::AgentSocket(const HostPath& agent, HostPath path, std::uint32_t mode, Owner owner)
    : path_(std::move(path)) {
  (void)connect_to_agent(agent);
  const SocketAddress address{path_};
  const auto listening = base::sys::make_socket(AF_UNIX, SOCK_STREAM, 0);
  base::check(::bind(listening.get(), address.get(), sizeof address.address), "make the socket '{}'",
              path_.str());
  base::check(::listen(listening.get(), k_agent_backlog), "listen at '{}'", path_.str());
  base::check(::chown(path_.c_str(), owner.uid, owner.gid), "set the owner of '{}'", path_.str());
  base::check(::chmod(path_.c_str(), mode), "set the mode of '{}'", path_.str());
  passer_ = std::make_unique<Worker>(
      [&listening, &agent](WorkerReport&) -> std::string { pass_connections(listening.get(), agent); });
}

KeyAgent::KeyAgent(const HostPath& key, const HostPath& directory) : socket_(directory / "agent") {
  const auto agent = find_program("ssh-agent");
  const auto add = find_program("ssh-add");
  if (!agent || !add)
    base::fail("'{}' is a key: to offer it takes ssh-agent and ssh-add, and '{}' is not in the PATH",
               key.str(), agent ? "ssh-add" : "ssh-agent");
  process_ = base::spawn({.program = *agent,
                          .argv = {agent->str(), "-D", "-a", socket_.str()},
                          .environment = own_environment(),
                          .die_with_parent = true});
  wait_until_it_listens();
  const auto added = run_tool(*add, {"-q", key.str()},
                              {"SSH_AUTH_SOCK=" + socket_.str(), "SSH_ASKPASS_REQUIRE=never", "LC_ALL=C"});
  if (!added.status.success())
    base::fail("key '{}': {}", key.str(),
               added.errors.empty() ? "ssh-add " + added.status.describe() : added.errors);
}

// It makes its socket first and listens then; connecting before that is refused.
void KeyAgent::wait_until_it_listens() const {
  for (int waited = 0; waited < k_agent_patience; waited += 5) {
    ::pollfd ended{.fd = process_->pidfd(), .events = POLLIN, .revents = 0};
    base::check(base::retry_eintr([&] { return ::poll(&ended, 1, 5); }), "wait for ssh-agent");
    if (ended.revents != 0) base::fail("ssh-agent ended before it listened at '{}'", socket_.str());
    try {
      (void)connect_to_agent(socket_);
      return;
    } catch (const base::Error&) {
      // Not at its socket yet.
    }
  }
  base::fail("ssh-agent does not listen at '{}'", socket_.str());
}

KeyAgent::~KeyAgent() {
  if (!process_) return;
  try {
    process_->send_signal(SIGKILL);
    process_->wait();
    base::sys::remove_file_if_present(socket_);
  } catch (const base::Error&) {
    // It has gone already.
  }
}

}  // namespace compose::images
