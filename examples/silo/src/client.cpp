// The client: asks DNS for the gateways by the service name `silo`, and calls SayHello on the one it has not
// called for the longest time. HELLO_EVERY_MS is the pause between two calls (1000).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <poll.h>
#include <signal.h>
#include <string>
#include <time.h>

#include "dns.hpp"
#include "socket.hpp"

namespace silo {
namespace {

volatile sig_atomic_t g_stop = 0;

std::string time_of_day() {
  const time_t now = ::time(nullptr);
  tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  ::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

class Client {
 public:
  void call_once() {
    const auto gateways = resolve("silo", 1000);
    if (gateways.empty()) return say("no silo found, trying again");
    const Address gateway = *std::min_element(gateways.begin(), gateways.end(),
                                              [this](Address a, Address b) { return last_[a] < last_[b]; });
    last_[gateway] = ++calls_;
    const auto answer = ask_line(gateway, k_gateway_port, "hello Good morning, HelloGrain!", 1000);
    say(answer ? *answer : "no answer from " + to_text(gateway));
  }

 private:
  static void say(const std::string& text) {
    std::printf("[%s] - %s\n", time_of_day().c_str(), text.c_str());
  }

  std::map<Address, unsigned> last_;  // number of the latest call to each gateway
  unsigned calls_ = 0;
};

}  // namespace
}  // namespace silo

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  struct sigaction stop {};
  stop.sa_handler = [](int) { silo::g_stop = 1; };
  ::sigaction(SIGTERM, &stop, nullptr);
  ::sigaction(SIGINT, &stop, nullptr);
  const char* every = std::getenv("HELLO_EVERY_MS");
  const int pause_ms = std::max(1, every == nullptr ? 1000 : std::atoi(every));
  silo::Client client;
  while (silo::g_stop == 0) {
    client.call_once();
    ::poll(nullptr, 0, pause_ms);
  }
  return 0;
}
