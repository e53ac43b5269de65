#include "runtime-shim/shim/listener.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"

using namespace compose;

namespace {

// In the abstract name space, with a name that the kernel chooses.
struct Sockets {
  base::UniqueFd listening{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socklen_t size = sizeof(sa_family_t);

  Sockets() {
    base::check(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), "bind");
    base::check(::listen(listening.get(), 8), "listen");
    size = sizeof address;
    base::check(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  }
  [[nodiscard]] base::UniqueFd client() const {
    base::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    base::check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size), "connect");
    return fd;
  }
};

}  // namespace

TEST_SUITE("runtime/shim/listener") {
  TEST_CASE("each client is handed on") {
    rt::EventLoop loop;
    Sockets sockets;
    int clients = 0;
    const auto one = sockets.client();
    const auto two = sockets.client();
    const rt::Listener listener{loop, std::move(sockets.listening),
                                [&](base::UniqueFd fd) { clients += fd ? 1 : 0; }};
    loop.run_once();
    loop.run_once();
    CHECK(clients == 2);
  }

  TEST_CASE("without a descriptor for a client it rests, and takes it when there is one") {
    rt::EventLoop loop;
    Sockets sockets;
    int clients = 0;
    const auto waiting = sockets.client();
    const rt::Listener listener{loop, std::move(sockets.listening), [&](base::UniqueFd) { ++clients; }};
    rlimit before{};
    base::check(::getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    const base::ScopeExit restore{[&] { ::setrlimit(RLIMIT_NOFILE, &before); }};
    const rlimit none{0, before.rlim_max};
    base::check(::setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
    bool over = false;
    auto end = loop.after(std::chrono::milliseconds{350}, [&] { over = true; });
    int rounds = 0;
    while (!over && rounds < 1000) {
      loop.run_once();
      ++rounds;
    }
    CHECK(over);
    CHECK(rounds < 20);
    CHECK(clients == 0);
    base::check(::setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
    while (clients == 0 && rounds < 1000) {
      loop.run_once();
      ++rounds;
    }
    CHECK(clients == 1);
    loop.cancel(end);
  }
}
