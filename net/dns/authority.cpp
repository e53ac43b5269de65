#include "net/dns/authority.hpp"

#include <algorithm>
#include <unistd.h>

#include "base/text.hpp"

namespace compose::net::dns {

namespace {

// Replicas come and go; nobody should remember them for longer than it takes to start one.
constexpr std::uint32_t k_ttl = 1;
constexpr std::int64_t k_sweep_interval = 100;  // milliseconds

bool is_localhost(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

template <class Address>
void add_all(ResponseWriter& response, const std::vector<Address>& addresses, std::uint32_t turn) {
  const std::size_t n = addresses.size();
  for (std::size_t i = 0; i < n; ++i) response.add(addresses[(turn + i) % n], k_ttl);
}

// "web" of "web.shop_default", for the network "shop_default".
std::string_view without_network(std::string_view name, const std::string& network) {
  if (name.size() <= network.size() + 1 || !name.ends_with(network)) return {};
  const std::size_t rest = name.size() - network.size() - 1;
  return name[rest] == '.' ? name.substr(0, rest) : std::string_view{};
}

}  // namespace

void Authority::Found::clear() noexcept {
  any = false;
  v4.clear();
  v6.clear();
}

Authority::Authority(std::vector<NamesView> views, Options options)
    : views_(std::move(views)),
      options_(std::move(options)),
      // Containers do not all begin with the same replica.
      turn_v4_(static_cast<std::uint32_t>(::getpid())),
      turn_v6_(turn_v4_) {
  closed_ = !options_.own_servers && std::ranges::all_of(views_, &NamesView::internal);
  for (auto& [name, address] : options_.hosts) name = base::lower_case(name);
}

void Authority::refresh(std::int64_t now) {
  if (now - swept_ >= k_sweep_interval) {
    swept_ = now;
    for (auto& view : views_) view.sweep();
  }
  for (auto& view : views_) view.refresh();
}

bool Authority::find_on(const NamesView& view, std::string_view name) {
  view.lookup(name, [&](const SlotContent& content) {
    found_.any = true;
    if (const auto v4 = content.ipv4()) found_.v4.push_back(*v4);
    if (const auto v6 = content.ipv6()) found_.v6.push_back(*v6);
  });
  return found_.any;
}

bool Authority::find_host(std::string_view name) {
  for (const auto& [host, address] : options_.hosts) {
    if (host != name) continue;
    found_.any = true;
    if (const auto v4 = parse_ipv4(address)) found_.v4.push_back(*v4);
    if (const auto v6 = parse_ipv6(address)) found_.v6.push_back(*v6);
  }
  return found_.any;
}

bool Authority::find(std::string_view name) {
  found_.clear();
  if (find_host(name)) return true;
  for (const auto& view : views_) find_on(view, name);
  if (found_.any) return true;
  for (const auto& view : views_)
    if (const auto first = without_network(name, view.network()); !first.empty() && find_on(view, first))
      return true;
  return false;
}

// Names that are the project's to give, whether somebody answers to them now or not.
bool Authority::is_ours(const Query& query) const {
  const auto name = query.name();
  for (const auto& view : views_)
    if (view.declared(name) || !without_network(name, view.network()).empty()) return true;
  if (query.labels() != 1 || options_.own_servers) return false;
  // Top-level domains are nobody's here, but only who walks the tree asks for these.
  return query.type != k_type_ns && query.type != k_type_soa && query.type != k_type_ds &&
         query.type != k_type_dnskey;
}

void Authority::answer_found(const Query& query, ResponseWriter& response) {
  response.set_authoritative();
  if (query.type == k_type_a || query.type == k_type_any) add_all(response, found_.v4, turn_v4_++);
  if (query.type == k_type_aaaa || query.type == k_type_any) add_all(response, found_.v6, turn_v6_++);
}

bool Authority::answer_pointer(const Query& query, ResponseWriter& response) {
  const auto v4 = reverse_ipv4(query.name());
  const auto v6 = reverse_ipv6(query.name());
  if (!v4 && !v6) return false;
  bool answered = false;
  for (const auto& view : views_) {
    view.scan([&](const SlotContent& content) {
      if (v4 ? content.ipv4() != v4 : content.ipv6() != v6) return false;
      std::size_t cursor = 0;
      if (const auto name = content.next_name(cursor)) {
        response.set_authoritative();
        response.add_pointer(std::string{name->text} + "." + view.network(), k_ttl);
        answered = true;
      }
      return true;
    });
    if (answered) return true;
  }
  return false;
}

bool Authority::answer(const Query& query, ResponseWriter& response) {
  if (query.record_class != k_class_in && query.record_class != k_class_any) {
    response.set_rcode(Rcode::refused);
    return true;
  }
  const auto name = query.name();
  if (is_localhost(name)) {
    found_.clear();
    found_.v4.push_back({127, 0, 0, 1});
    found_.v6.push_back({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    answer_found(query, response);
    return true;
  }
  if (query.is_plain() && query.type == k_type_ptr && answer_pointer(query, response)) return true;
  if (query.is_plain() && find(name)) {
    answer_found(query, response);
    return true;
  }
  if (!is_ours(query) && !closed_) return false;
  response.set_authoritative();
  response.set_rcode(Rcode::name_error);
  return true;
}

}  // namespace compose::net::dns
