#pragma once
// A host of our own for one test: fresh network and mount namespaces with a loopback link and an uplink
// "up0", a data directory, a NetworkManager on it. Probes run inside a sandbox's namespace and come back.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "base/file.hpp"
#include "base/unique_fd.hpp"
#include "net/network_manager.hpp"

namespace compose::net::testing {

class ScratchHost {
 public:
  ScratchHost();
  ~ScratchHost();
  ScratchHost(const ScratchHost&) = delete;
  ScratchHost& operator=(const ScratchHost&) = delete;

  [[nodiscard]] base::HostPath run_root() const { return directory_.path() / "run"; }
  [[nodiscard]] base::Database& database() { return *database_; }
  [[nodiscard]] NetworkManager& manager() { return *manager_; }
  void restart_manager();  // as the next command would
  // A machine on the uplink's network: 198.51.100.7, with routes to every container over this host.
  base::UniqueFd neighbour();

  Network network(const std::string& name, bool internal = false, bool ipv6 = false);
  // A container with one lease on each network; `number` makes its id.
  struct Container {
    std::string id;
    std::vector<Lease> leases;
    Sandbox sandbox;
  };
  Container container(int number, const std::vector<std::string>& networks);

 private:
  base::UniqueFd before_net_;
  base::TemporaryDirectory directory_;
  std::unique_ptr<base::Database> database_;
  std::unique_ptr<NetworkManager> manager_;
};

// Runs f in that network namespace.
void inside(int netns, const std::function<void()>& f);

std::vector<std::string> link_names();  // of the current namespace, without "lo"
std::string read_setting(const std::string& path);
base::UniqueFd listen_tcp(const std::string& address, std::uint16_t port);
base::UniqueFd bind_udp(const std::string& address, std::uint16_t port);
inline constexpr const char* k_host_address = "198.51.100.2";
inline constexpr const char* k_neighbour_address = "198.51.100.7";

// What connect(2) says within half a second: 0, or an errno (ETIMEDOUT when nothing answered).
int connect_tcp(const std::string& address, std::uint16_t port);
// The address of the other end of the next connection; empty when none is waiting.
std::string accept_from(int listener);
// Sends "ping" and waits half a second for "pong" of answer_udp(), which the caller runs in between.
base::UniqueFd send_udp(const std::string& address, std::uint16_t port);
bool answer_udp(int socket);  // false: nothing came
bool receive_udp(int socket);

}  // namespace compose::net::testing
