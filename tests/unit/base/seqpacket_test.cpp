#include "base/seqpacket.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "base/sys.hpp"

using namespace compose::base;

TEST_SUITE("base/seqpacket") {
  TEST_CASE("packets come one by one, with the descriptor that was sent with them") {
    auto [ours, theirs] = sys::make_socket_pair(SOCK_SEQPACKET);
    const auto null = sys::open(HostPath{"/dev/null"}, O_RDONLY);
    CHECK(send_packet(ours.get(), "one", 3) == 3);
    CHECK(send_packet(ours.get(), "two", 3, null.get()) == 3);
    char bytes[8];
    UniqueFd fd = sys::open(HostPath{"/dev/zero"}, O_RDONLY);
    CHECK(receive_packet(theirs.get(), bytes, sizeof bytes, fd) == 3);
    CHECK_FALSE(fd);
    CHECK(receive_packet(theirs.get(), bytes, sizeof bytes, fd) == 3);
    REQUIRE(fd);
    struct ::stat sent {};
    struct ::stat came {};
    REQUIRE(::fstat(null.get(), &sent) == 0);
    REQUIRE(::fstat(fd.get(), &came) == 0);
    CHECK(sent.st_rdev == came.st_rdev);
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }

  TEST_CASE("the end is no packet, and a peer that has gone is an error of who sends") {
    auto [ours, theirs] = sys::make_socket_pair(SOCK_SEQPACKET);
    theirs.reset();
    CHECK(send_packet(ours.get(), "x", 1) == -1);
    CHECK(errno == EPIPE);
    char byte = 0;
    UniqueFd fd;
    CHECK(receive_packet(ours.get(), &byte, 1, fd) == 0);
  }
}
