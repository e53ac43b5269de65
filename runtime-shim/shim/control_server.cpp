#include "runtime-shim/shim/control_server.hpp"

#include <algorithm>
#include <linux/magic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#include "base/error.hpp"
#include "base/wire.hpp"
#include "runtime-shim/shim/container.hpp"

namespace compose::rt {

ControlRequest decode_control(std::string_view bytes) {
  base::WireReader version{bytes};
  std::uint32_t protocol = 0;
  version.get(protocol);
  if (protocol != k_control_protocol) base::fail("control request: protocol {} is not understood", protocol);
  auto request = base::from_wire<ControlRequest>(bytes);
  if (request.verb > ControlVerb::follow) base::fail("control request: unknown verb");
  if (request.signal < 0 || request.signal > 64)
    base::fail("control request: {} is not a signal", request.signal);
  return request;
}

namespace {

// Nothing that a container gets may be a file of the host.
bool is_anonymous_pipe(int fd) {
  struct ::statfs system {};
  return ::fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

}  // namespace

ControlServer::ControlServer(Container& container, base::UniqueFd listening)
    : container_(container), listener_(container.loop(), std::move(listening), [this](base::UniqueFd socket) {
        admit(std::move(socket));
      }) {}

ControlServer::~ControlServer() {
  for (const auto& c : connections_) container_.loop().remove(c->socket.get());
}

void ControlServer::admit(base::UniqueFd socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1 || peer.uid != 0) return;
  if (connections_.size() >= k_most_connections) return;
  connections_.push_back(std::make_unique<Connection>(*this, ++last_number_, std::move(socket)));
  container_.loop().add(connections_.back()->socket.get(), EPOLLIN | EPOLLRDHUP, *connections_.back());
}

void ControlServer::Connection::ready(std::uint32_t) {
  ControlServer& owner = server;
  if (asked) return owner.drop(number);  // it talks out of turn or has gone
  try {
    if (auto message = reader.read(socket.get())) {
      asked = true;
      owner.answer(*this, std::move(*message));
    }
  } catch (const base::Error&) {
    owner.drop(number);
  }
}

void ControlServer::answer(Connection& connection, base::Message message) {
  try {
    carry_out(connection, decode_control(message.bytes), std::move(message.fds));
  } catch (const StartFailed& e) {
    send(connection, {.kind = ReplyKind::refused, .error = e.what(), .exit_code = e.exit_code()});
    drop(connection.number);
  } catch (const base::Error& e) {
    send(connection, {.kind = ReplyKind::refused, .error = e.what(), .exit_code = 125});
    drop(connection.number);
  }
}

void ControlServer::carry_out(Connection& connection, const ControlRequest& request,
                              std::vector<base::UniqueFd> fds) {
  switch (request.verb) {
    case ControlVerb::kill:
      container_.kill(request.signal);
      break;
    case ControlVerb::pause:
      container_.pause();
      break;
    case ControlVerb::unpause:
      container_.unpause();
      break;
    case ControlVerb::hold:
      container_.pause();
      connection.holds = true;
      return send(connection, {});
    case ControlVerb::stop:
      reply_at_end(connection);
      return container_.stop(
          request.grace < 0 ? std::nullopt : std::optional{std::chrono::nanoseconds{request.grace}},
          request.signal);
    case ControlVerb::wait:
      return reply_at_end(connection);
    case ControlVerb::follow:
      if (fds.size() != 1 || !is_anonymous_pipe(fds[0].get())) base::fail("follow needs a pipe");
      container_.follow(std::move(fds[0]));
      break;
    case ControlVerb::exec:
      return exec(connection, request, std::move(fds));
    case ControlVerb::attach: {
      if (fds.size() != 2) base::fail("attach needs two descriptors");
      const auto input = container_.attach(std::move(fds[0]), std::move(fds[1]), request.close_stdin_after);
      send(connection, {.kind = ReplyKind::started}, input.get());
      return drop(connection.number);
    }
  }
  send(connection, {});
  drop(connection.number);
}

void ControlServer::exec(Connection& connection, const ControlRequest& request,
                         std::vector<base::UniqueFd> fds) {
  int stdio[3] = {-1, -1, -1};
  auto next = fds.begin();
  for (unsigned i = 0; i < 3; ++i) {
    if ((request.exec.stdio & (1U << i)) == 0) continue;
    if (next == fds.end()) base::fail("exec: descriptors are missing");
    if (!is_anonymous_pipe(next->get())) base::fail("exec: descriptor {} is not an anonymous pipe", i);
    stdio[i] = (next++)->get();
  }
  if (next != fds.end() || (request.exec.terminal && !fds.empty())) base::fail("exec: too many descriptors");
  const auto& spec = container_.spec();
  const auto process = container_.exec(request_of(request.exec, spec.process, spec.security.privileged),
                                       stdio, [this, peer = connection.number](int code) {
                                         reply_later(peer, {.kind = ReplyKind::done, .exit_code = code});
                                       });
  send(connection, {.kind = ReplyKind::started}, process.terminal.get());
}

void ControlServer::reply_at_end(Connection& connection) {
  container_.when_ended([this, peer = connection.number](int code) {
    reply_later(peer, {.kind = ReplyKind::done, .exit_code = code});
  });
}

// The peer may have gone meanwhile, and the object with it.
void ControlServer::reply_later(std::uint64_t connection, const ControlReply& reply) {
  const auto found = std::ranges::find(connections_, connection, [](const auto& c) { return c->number; });
  if (found == connections_.end()) return;
  send(**found, reply);
  drop(connection);
}

void ControlServer::send(const Connection& connection, const ControlReply& reply, int fd) {
  try {
    const std::string bytes = base::to_wire(reply);
    base::send_message(connection.socket.get(), bytes, std::span{&fd, fd >= 0 ? 1U : 0U});
  } catch (const base::SysError&) {
    // It did not wait for the answer.
  }
}

void ControlServer::drop(std::uint64_t connection) {
  const auto found = std::ranges::find(connections_, connection, [](const auto& c) { return c->number; });
  if (found == connections_.end()) return;
  container_.loop().remove((*found)->socket.get());
  const bool held = (*found)->holds;
  connections_.erase(found);
  if (held && container_.status().state == ContainerState::paused) container_.unpause();
}

}  // namespace compose::rt
