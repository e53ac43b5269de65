#pragma once
// DNS over TCP for the container (RFC 7766): a two-byte length before each message, several questions at
// once, answers in any order. Bounded: 256 connections, the one idle for longest makes room; five seconds
// without a byte close one; a connection that does not read its answers is not read either.
#include <cstdint>
#include <functional>

#include "base/unique_fd.hpp"
#include "net/dns/message.hpp"
#include "net/dns/slot_pool.hpp"

namespace compose::net::dns {

class TcpService {
 public:
  // A message came in on that connection; the answer goes to reply(), now or later.
  using OnMessage = std::function<void(Handle connection, Bytes message)>;

  // `epoll` and `listener` are borrowed; events of kinds `listener` and `connection` come back through the
  // on_ functions.
  TcpService(int epoll, int listener, OnMessage on_message);
  ~TcpService();

  void on_listener(std::int64_t now);
  void on_event(Handle handle, std::uint32_t events, std::int64_t now);
  void on_time(std::int64_t now);
  [[nodiscard]] bool is_idle() const noexcept { return connections_.size() == 0; }
  [[nodiscard]] std::int64_t next_deadline() const noexcept;  // INT64_MAX: none
  void reply(Handle connection, Bytes answer);                // nothing when it is gone

 private:
  struct Connection;
  void read(Handle handle, Connection& connection, std::int64_t now);
  void take_messages(Handle handle, Connection& connection);
  bool flush(Connection& connection);  // false: broken
  void watch(Handle handle, Connection& connection);
  void drop_longest_idle();

  int epoll_;
  int listener_;
  OnMessage on_message_;
  SlotPool<Connection> connections_;
};

}  // namespace compose::net::dns
