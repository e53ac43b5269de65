#include "images/build/agent_socket.hpp"

#include <array>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/host_tool.hpp"

using namespace compose;

namespace {

sockaddr_un address_of(const base::HostPath& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

// Answers each connection's first bytes with "got " and the bytes.
class FakeAgent {
 public:
  explicit FakeAgent(const base::HostPath& path) : socket_(base::sys::make_socket(AF_UNIX, SOCK_STREAM, 0)) {
    const auto address = address_of(path);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_.get(), 8) == 0);
    worker_ = std::make_unique<images::Worker>([this](images::WorkerReport&) -> std::string {
      for (;;) {
        const base::UniqueFd client{::accept(socket_.get(), nullptr, nullptr)};
        std::array<char, 64> buffer{};
        const auto n = ::read(client.get(), buffer.data(), buffer.size());
        if (n > 0)
          base::sys::write_all(client.get(),
                               "got " + std::string(buffer.data(), static_cast<std::size_t>(n)));
      }
    });
  }

 private:
  base::UniqueFd socket_;
  std::unique_ptr<images::Worker> worker_;
};

std::string asked(const base::HostPath& path, std::string_view text) {
  const auto socket = base::sys::make_socket(AF_UNIX, SOCK_STREAM, 0);
  const auto address = address_of(path);
  REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  base::sys::write_all(socket.get(), text);
  return base::sys::read_to_end(socket.get(), 1000);
}

}  // namespace

TEST_SUITE("images/build/agent_socket") {
  TEST_CASE("connections are passed on to the agent, and the socket has the mode that was asked for") {
    const base::TemporaryDirectory directory;
    const FakeAgent agent{directory.path() / "agent"};
    const images::AgentSocket socket{
        directory.path() / "agent", directory.path() / "ours", 0640, {.uid = ::getuid(), .gid = ::getgid()}};
    CHECK(asked(socket.path(), "one") == "got one");
    CHECK(asked(socket.path(), "two") == "got two");
    CHECK((base::sys::stat_if_exists(socket.path())->st_mode & 07777U) == 0640);
  }

  TEST_CASE("an agent that is not there is an error") {
    const base::TemporaryDirectory directory;
    CHECK_THROWS_AS((images::AgentSocket{directory.path() / "none", directory.path() / "ours", 0600, {}}),
                    base::SysError);
  }

  TEST_CASE("a key is offered by an agent of its own") {
    const auto keygen = images::find_program("ssh-keygen");
    const auto add = images::find_program("ssh-add");
    if (!keygen || !add) {
      MESSAGE("skipped: ssh-keygen and ssh-add are not here");
      return;
    }
    const base::TemporaryDirectory directory;
    const auto key = directory.path() / "key";
    const auto made = images::run_tool(
        *keygen, {"-q", "-t", "ed25519", "-N", "", "-C", "mine", "-f", key.str()}, images::own_environment());
    REQUIRE(made.status.success());
    const images::KeyAgent agent{key, directory.path()};
    const auto listed = images::run_tool(*add, {"-l"}, {"SSH_AUTH_SOCK=" + agent.socket().str()});
    CHECK(listed.output.find(" mine (ED25519)") != std::string::npos);
    base::write_file_atomically(directory.path() / "no-key", "x", 0600);
    const base::TemporaryDirectory other;
    try {
      const images::KeyAgent wrong{directory.path() / "no-key", other.path()};
      FAIL("it took it");
    } catch (const base::Error& e) {
      CHECK(std::string{e.what()}.find("no-key': ") != std::string::npos);
    }
  }
}
