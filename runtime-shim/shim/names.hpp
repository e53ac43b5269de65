#pragma once
// The container's names on its networks: published before each exec, withdrawn when its init ends, and
// answered for the container itself by a resolver on the sockets that came with the start request. (net/dns)
#include <memory>
#include <vector>

#include "net/dns/names_table.hpp"
#include "runtime-shim/shim/event_loop.hpp"
#include "runtime-shim/shim/start_message.hpp"

namespace compose::net::dns {
class Resolver;
}

namespace compose::rt {

class Names final : private EventLoop::Source {
 public:
  // Takes the message's DNS sockets.
  Names(EventLoop& loop, StartMessage& message);
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  void publish();
  void withdraw() noexcept { published_.clear(); }

 private:
  void ready(std::uint32_t events) override;

  EventLoop& loop_;
  const ContainerSpec& spec_;
  std::unique_ptr<net::dns::Resolver> resolver_;
  std::vector<net::dns::PublishedName> published_;
};

}  // namespace compose::rt
