#include "base/process.hpp"

#include <sys/socket.h>

#include <doctest/doctest.h>

#include "base/channel.hpp"
#include "base/error.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"

using namespace compose::base;

TEST_SUITE("base/process") {
  TEST_CASE("signals are known by name, with and without SIG, and by number") {
    CHECK(parse_signal("SIGTERM") == SIGTERM);
    CHECK(parse_signal("usr1") == SIGUSR1);
    CHECK(parse_signal("9") == SIGKILL);
    CHECK(parse_signal("SIGRTMIN+3") == SIGRTMIN + 3);
    CHECK(parse_signal("SIGNOPE") == std::nullopt);
    CHECK(parse_signal("0") == std::nullopt);
    CHECK(signal_name(SIGKILL) == "SIGKILL");
  }
  TEST_CASE("a spawned program sees only the descriptors it was given") {
    auto pipe = sys::make_pipe();
    const auto child = spawn({.program = HostPath{"/bin/sh"},
                              .argv = {"sh", "-c", "echo $GREETING; exit 3"},
                              .environment = {"GREETING=hello"},
                              .fds = {{.source = pipe.write_end.get(), .target = 1}}});
    pipe.write_end.reset();
    CHECK(sys::read_to_end(pipe.read_end.get(), 100) == "hello\n");
    CHECK(child.wait().describe() == "exited with status 3");
  }
  TEST_CASE("a program that cannot be executed is an error of the parent") {
    CHECK_THROWS_WITH_AS(spawn({.program = HostPath{"/nope"}, .argv = {"nope"}}),
                         "execute '/nope': No such file or directory", SysError);
  }
}

TEST_SUITE("base/channel") {
  TEST_CASE("a message arrives whole, with its descriptors") {
    auto [a, b] = sys::make_socket_pair(SOCK_STREAM);
    const auto pipe = sys::make_pipe();
    const int fds[] = {pipe.write_end.get()};
    send_message(a.get(), "hello", fds);
    send_message(a.get(), "");
    auto first = receive_message(b.get());
    REQUIRE(first);
    CHECK(first->bytes == "hello");
    REQUIRE(first->fds.size() == 1);
    sys::write_all(first->fds[0].get(), "x");
    char byte = 0;
    CHECK(sys::read_some(pipe.read_end.get(), {&byte, 1}) == 1);
    CHECK(receive_message(b.get())->bytes.empty());
    a.reset();
    CHECK(!receive_message(b.get()));
  }
}
