// A silo: one member of a cluster that finds the others by the service name `silo` and keeps a view of who is
// alive.
//
//  - 10300: silo to silo. Each silo keeps one connection open to every other; a peer belongs to the view from
//    its greeting until that connection ends. A silo that is called by one it does not know calls back at
//    once, so the view is complete one round trip after the last silo has started.
//  - 10400: gateway. "hello NAME" is a grain call; "status" answers with this silo's name, the size of its
//    view and it.
//
// `silo status` asks the silo of the same container and prints the answer: a check for `compose exec`.
#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "dns.hpp"
#include "socket.hpp"

namespace silo {
namespace {

constexpr int k_look_up_every_ms = 100;     // until everybody in DNS is in the view
constexpr int k_look_up_settled_ms = 1000;  // afterwards
constexpr int k_connect_deadline_ms = 1000;

volatile sig_atomic_t g_stop = 0;

struct Peer {
  Socket socket;
  std::int64_t deadline = 0;  // for the greeting
  bool established = false;
  std::string name;  // empty until it has greeted
  std::string text;
};

struct Caller {  // somebody who connected to us
  Socket socket;
  bool gateway = false;
  std::string text;
};

class Silo {
 public:
  Silo() : address_(own_address()), name_(choose_name(address_)) {
    std::printf("%s is up at %s\n", name_.c_str(), to_text(address_).c_str());
  }

  void run() {
    while (g_stop == 0) {
      if (now_ms() >= next_look_up_) look_up();
      std::vector<pollfd> waiting = wait_list();
      const std::int64_t pause = std::max<std::int64_t>(next_look_up_ - now_ms(), 0);
      if (::poll(waiting.data(), waiting.size(), static_cast<int>(pause)) < 0) continue;
      handle_peers();
      handle_callers();
      for (Socket s = accept_from(silos_); s; s = accept_from(silos_)) accept(std::move(s), false);
      for (Socket s = accept_from(gateway_); s; s = accept_from(gateway_)) accept(std::move(s), true);
    }
    std::printf("%s is leaving\n", name_.c_str());
  }

 private:
  // The container's name is <project>-silo-<number>; what people call it is silo-<number>.
  static std::string choose_name(Address address) {
    std::string name = name_of(address, 500).value_or(to_text(address));
    std::replace(name.begin(), name.end(), '_', '-');
    const std::size_t last = name.rfind('-');
    const std::size_t before = last == std::string::npos || last == 0 ? last : name.rfind('-', last - 1);
    return before == std::string::npos ? name : name.substr(before + 1);
  }

  std::vector<pollfd> wait_list() const {
    std::vector<pollfd> list{{silos_.fd(), POLLIN, 0}, {gateway_.fd(), POLLIN, 0}};
    for (const auto& [address, peer] : peers_) {
      list.push_back({peer.socket.fd(), static_cast<short>(peer.established ? POLLIN : POLLOUT), 0});
    }
    for (const Caller& caller : callers_) list.push_back({caller.socket.fd(), POLLIN, 0});
    return list;
  }

  void look_up() {
    const std::vector<Address> found = resolve("silo", 500);
    for (const Address address : found) call(address);
    // Who has left DNS has left the cluster, even where its last packet was lost.
    if (!found.empty()) std::erase_if(peers_, [&](const auto& peer) { return !contains(found, peer.first); });
    const bool settled = view().size() == found.size();
    next_look_up_ = now_ms() + (settled ? k_look_up_settled_ms : k_look_up_every_ms);
  }

  static bool contains(const std::vector<Address>& addresses, Address wanted) {
    return std::find(addresses.begin(), addresses.end(), wanted) != addresses.end();
  }

  void call(Address address) {
    if (address == address_ || peers_.contains(address)) return;
    Socket socket = start_connect(address, k_silo_port);
    if (!socket) return;
    Peer peer;
    peer.socket = std::move(socket);
    peer.deadline = now_ms() + k_connect_deadline_ms;
    peers_.emplace(address, std::move(peer));
  }

  bool handle_peer(Peer& peer) {
    if (!peer.established) {
      pollfd ready{peer.socket.fd(), POLLOUT, 0};
      if (::poll(&ready, 1, 0) != 1) return now_ms() < peer.deadline;
      if (!connected(peer.socket)) return false;
      peer.established = true;
      send_line(peer.socket, name_ + ' ' + to_text(address_));
    }
    const bool open = receive(peer.socket, peer.text);
    if (auto greeting = take_line(peer.text); greeting && peer.name.empty()) {
      peer.name = *greeting;
      std::printf("%s sees %s: %zu silos\n", name_.c_str(), peer.name.c_str(), view().size());
    }
    return open && (!peer.name.empty() || now_ms() < peer.deadline);
  }

  void handle_peers() {
    for (auto i = peers_.begin(); i != peers_.end();) {
      if (handle_peer(i->second)) {
        ++i;
        continue;
      }
      if (!i->second.name.empty()) {
        std::printf("%s lost %s: %zu silos\n", name_.c_str(), i->second.name.c_str(), view().size() - 1);
      }
      i = peers_.erase(i);
      next_look_up_ = std::min(next_look_up_, now_ms() + k_look_up_every_ms);
    }
  }

  void accept(Socket socket, bool gateway) {
    if (!gateway) send_line(socket, name_);
    Caller caller;
    caller.socket = std::move(socket);
    caller.gateway = gateway;
    callers_.push_back(std::move(caller));
  }

  void handle_callers() {
    std::vector<Caller> still;
    for (Caller& caller : callers_) {
      const bool open = receive(caller.socket, caller.text);
      while (const auto line = take_line(caller.text)) caller.gateway ? answer(caller, *line) : greet(*line);
      if (open) still.push_back(std::move(caller));
    }
    callers_ = std::move(still);
  }

  // "silo-7 172.18.0.9"
  void greet(const std::string& line) {
    in_addr address{};
    const std::size_t space = line.find(' ');
    if (space != std::string::npos && ::inet_aton(line.c_str() + space + 1, &address) != 0)
      call(address.s_addr);
  }

  void answer(const Caller& caller, const std::string& line) {
    if (line == "status") {
      std::string text = name_ + ' ' + std::to_string(view().size());
      for (const std::string& member : view()) text += ' ' + member;
      send_line(caller.socket, text);
    } else if (line.starts_with("hello ")) {
      ++calls_;
      send_line(caller.socket, "Hello from " + name_ + ", you said: '" + line.substr(6) + "', call " +
                                   std::to_string(calls_));
    } else {
      send_line(caller.socket, "unknown request");
    }
  }

  std::vector<std::string> view() const {
    std::vector<std::string> members{name_};
    for (const auto& [address, peer] : peers_) {
      if (!peer.name.empty()) members.push_back(peer.name);
    }
    std::sort(members.begin(), members.end());
    return members;
  }

  Address address_;
  std::string name_;
  Socket silos_ = listen_on(k_silo_port);
  Socket gateway_ = listen_on(k_gateway_port);
  std::map<Address, Peer> peers_;
  std::vector<Caller> callers_;
  std::int64_t next_look_up_ = 0;
  unsigned calls_ = 0;
};

int print_status() {
  const auto status = ask_line(htonl(INADDR_LOOPBACK), k_gateway_port, "status", 2000);
  if (status) std::puts(status->c_str());
  return status ? 0 : 1;
}

}  // namespace
}  // namespace silo

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc == 2 && std::string{argv[1]} == "status") return silo::print_status();
  struct sigaction stop {};
  stop.sa_handler = [](int) { silo::g_stop = 1; };
  ::sigaction(SIGTERM, &stop, nullptr);
  ::sigaction(SIGINT, &stop, nullptr);
  silo::Silo{}.run();
  return 0;
}
