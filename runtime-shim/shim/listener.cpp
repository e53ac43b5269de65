#include "runtime-shim/shim/listener.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace compose::rt {
namespace {

constexpr std::chrono::milliseconds k_rest{100};

// Of the system or of this process, and not of the one client.
bool is_lack(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Listener::Listener(EventLoop& loop, base::UniqueFd listening, OnClient on_client)
    : loop_(loop), listening_(std::move(listening)), on_client_(std::move(on_client)) {
  loop_.add(listening_.get(), EPOLLIN, *this);
}

Listener::~Listener() {
  loop_.cancel(rest_);
  loop_.remove(listening_.get());
}

void Listener::ready(std::uint32_t) {
  base::UniqueFd client{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (client) return on_client_(std::move(client));
  if (!is_lack(errno)) return;
  loop_.modify(listening_.get(), 0, *this);
  rest_ = loop_.after(k_rest, [this] {
    rest_ = 0;
    loop_.modify(listening_.get(), EPOLLIN, *this);
  });
}

}  // namespace compose::rt
