#include <charconv>

#include "base/error.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

class PortVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--index", index_, "int", "Which replica (default: the first that runs)");
    a.value("--protocol", protocol_, "protocol", "tcp or udp (default tcp)");
    a.words(words_, "SERVICE PRIVATE_PORT", "A service and a port in its container", 2, 2);
    a.examples("  compose port web 80\n  compose port --index 2 --protocol udp dns 53\n");
  }

  int run(Context& context) override {
    std::uint16_t port = 0;
    const auto& word = words_[1];
    const auto end = std::from_chars(word.data(), word.data() + word.size(), port);
    if (end.ec != std::errc{} || end.ptr != word.data() + word.size())
      throw UsageError(base::text("invalid port \"{}\": must be a number from 0 to 65535", word));
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, {words_[0]});
    const auto& chosen = choose_replica(containers, words_[0], index_);
    for (const auto& p : chosen.record.summary.ports) {
      if (p.container_port != port || p.protocol != protocol_) continue;
      const bool ipv6 = p.host_address.find(':') != std::string::npos;
      context.out().line(
          base::text("{}{}{}:{}", ipv6 ? "[" : "", p.host_address, ipv6 ? "]" : "", p.host_port));
      return 0;
    }
    base::fail("no port {}/{} for container {}: {}", port, protocol_, chosen.record.name,
               ports_text(chosen.record.summary, true));
  }

 private:
  std::optional<int> index_;
  std::string protocol_ = "tcp";
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_port() {
  return std::make_unique<PortVerb>();
}

}  // namespace compose::cli
