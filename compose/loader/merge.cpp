#include "compose/loader/merge.hpp"

#include <algorithm>
#include <array>

#include "compose/loader/key_path.hpp"

namespace compose::loader {

namespace {

using Identity = std::string (*)(const Node&);  // of a list element: equal means the same thing

std::string member_text(const Node& node, std::string_view key, std::string_view otherwise = {}) {
  const Node* member = node.is(Kind::mapping) ? node.find(key) : nullptr;
  return member && !member->is(Kind::null) ? scalar_text(*member) : std::string{otherwise};
}

std::string whole_text(const Node& node) {
  return scalar_text(node);
}
std::string text_before_equals(const Node& node) {
  const auto text = scalar_text(node);
  return text.substr(0, text.find('='));
}
std::string target_of(const Node& node) {
  return member_text(node, "target");
}
std::string path_of(const Node& node) {
  return member_text(node, "path");
}
std::string subnet_of(const Node& node) {
  return member_text(node, "subnet");
}
std::string config_target(const Node& node) {
  return member_text(node, "target", member_text(node, "source"));
}
std::string secret_target(const Node& node) {
  return member_text(node, "target", "/run/secrets/" + member_text(node, "source"));
}
std::string port_binding(const Node& node) {
  return base::text("{}|{}|{}|{}", member_text(node, "host_ip", "0.0.0.0"), member_text(node, "published"),
                    member_text(node, "target"), member_text(node, "protocol", "tcp"));
}

enum class Rule : int {
  replace,      // whole value; null clears
  key_values,   // mapping KEY -> value in which null is a value
  hosts,        // mapping name -> list of addresses: added, equal ones once
  logging,      // another driver replaces all
  pools,        // list merged by subnet
  unique_list,  // list with an identity: see the second table
};

struct Attribute {
  std::string_view pattern;
  Rule rule;
  Identity identity = nullptr;
};

constexpr auto k_attributes = std::to_array<Attribute>({
    {"services.*.command", Rule::replace},
    {"services.*.entrypoint", Rule::replace},
    {"services.*.healthcheck.test", Rule::replace},
    {"services.*.ulimits.*", Rule::replace},
    {"services.*.build.ulimits.*", Rule::replace},
    {"services.*.extends", Rule::replace},
    {"services.*.environment", Rule::key_values},
    {"services.*.labels", Rule::key_values},
    {"services.*.annotations", Rule::key_values},
    {"services.*.sysctls", Rule::key_values},
    {"services.*.build.args", Rule::key_values},
    {"services.*.build.labels", Rule::key_values},
    {"services.*.build.additional_contexts", Rule::key_values},
    {"services.*.build.ssh", Rule::key_values},
    {"services.*.deploy.labels", Rule::key_values},
    {"networks.*.labels", Rule::key_values},
    {"volumes.*.labels", Rule::key_values},
    {"configs.*.labels", Rule::key_values},
    {"secrets.*.labels", Rule::key_values},
    {"services.*.extra_hosts", Rule::hosts},
    {"services.*.build.extra_hosts", Rule::hosts},
    {"services.*.logging", Rule::logging},
    {"networks.*.ipam.config", Rule::pools},
    {"services.*.dns", Rule::unique_list, text_before_equals},
    {"services.*.dns_opt", Rule::unique_list, text_before_equals},
    {"services.*.dns_search", Rule::unique_list, text_before_equals},
    {"services.*.tmpfs", Rule::unique_list, text_before_equals},
    {"services.*.links", Rule::unique_list, text_before_equals},
    {"services.*.profiles", Rule::unique_list, text_before_equals},
    {"services.*.cap_add", Rule::unique_list, text_before_equals},
    {"services.*.cap_drop", Rule::unique_list, text_before_equals},
    {"services.*.build.tags", Rule::unique_list, text_before_equals},
    {"services.*.networks.*.aliases", Rule::unique_list, text_before_equals},
    {"services.*.networks.*.link_local_ips", Rule::unique_list, text_before_equals},
    {"services.*.expose", Rule::unique_list, whole_text},
    {"services.*.volumes", Rule::unique_list, target_of},
    {"services.*.devices", Rule::unique_list, target_of},
    {"services.*.configs", Rule::unique_list, config_target},
    {"services.*.secrets", Rule::unique_list, secret_target},
    {"services.*.env_file", Rule::unique_list, path_of},
    {"services.*.ports", Rule::unique_list, port_binding},
});

const PatternTable& attributes() {
  static const PatternTable table = [] {
    PatternTable built;
    for (std::size_t i = 0; i < k_attributes.size(); ++i)
      built.add(k_attributes[i].pattern, static_cast<int>(i));
    return built;
  }();
  return table;
}

const Attribute* attribute_at(PatternTable::Place place) {
  const int rule = attributes().rule(place);
  return rule == PatternTable::k_none ? nullptr : &k_attributes[static_cast<std::size_t>(rule)];
}

// Later elements take the place of earlier ones with the same identity. Elements without one ("") are all
// kept.
void collapse(std::vector<Node>& items, Identity identity) {
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<Node> kept;
  kept.reserve(items.size());
  for (auto& item : items) {
    auto key = identity(item);
    if (key.empty()) {
      kept.push_back(std::move(item));
      continue;
    }
    const auto [found, fresh] = seen.emplace(std::move(key), kept.size());
    if (fresh)
      kept.push_back(std::move(item));
    else
      kept[found->second] = std::move(item);
  }
  items = std::move(kept);
}

class Merge {
 public:
  Merge(Diagnostics& diagnostics, bool keep_directives) : diagnostics_(diagnostics), keep_(keep_directives) {}

  void lay(Node& base, Node over, PatternTable::Place place, const KeyPath& path) {
    if (over.directive != Directive::none) return obey(base, std::move(over));
    const Attribute* attribute = attribute_at(place);
    if (attribute && attribute->rule == Rule::replace) return put(base, std::move(over));
    if (over.is(Kind::null)) return;
    if (base.is(Kind::null) || base.broken || over.broken) return put(base, std::move(over));
    if (base.is(Kind::mapping) && over.is(Kind::mapping)) return mappings(base, std::move(over), place, path);
    if (base.is(Kind::list) && over.is(Kind::list)) return lists(base, std::move(over), attribute);
    if (base.is_scalar() && over.is_scalar()) return put(base, std::move(over));
    diagnostics_.error(over.mark, base::text("{}: cannot override {} with {}", path.text(),
                                             describe(base.kind), describe(over.kind)));
  }

 private:
  // A base that was itself marked stays marked: whatever lies below both is to go.
  void put(Node& base, Node over) {
    const auto directive = base.directive;
    base = std::move(over);
    if (keep_ && directive == Directive::override_) base.directive = directive;
  }

  void obey(Node& base, Node over) {
    base = std::move(over);
    if (!keep_ && base.directive == Directive::override_) base.directive = Directive::none;
  }

  void mappings(Node& base, Node over, PatternTable::Place place, const KeyPath& path) {
    const Attribute* attribute = attribute_at(place);
    const Rule rule = attribute ? attribute->rule : Rule::unique_list;
    if (rule == Rule::logging && names_another_driver(base, over)) return put(base, std::move(over));
    EntryIndex index(base.entries);
    for (auto& entry : over.entries) {
      Entry* existing = index.find(entry.key);
      if (!existing) {
        index.append(std::move(entry));
      } else if (rule == Rule::hosts) {
        add_hosts(existing->value, std::move(entry.value));
      } else if (rule == Rule::key_values && entry.value.directive == Directive::none) {
        existing->value = std::move(entry.value);
      } else {
        lay(existing->value, std::move(entry.value), attributes().child(place, entry.key),
            KeyPath{path, entry.key});
      }
    }
  }

  static void lists(Node& base, Node over, const Attribute* attribute) {
    if (attribute && attribute->rule == Rule::pools) return pools(base, std::move(over));
    for (auto& item : over.items) base.items.push_back(std::move(item));
    if (attribute && attribute->identity) collapse(base.items, attribute->identity);
  }

  static void pools(Node& base, Node over) {
    for (auto& pool : over.items) {
      const auto subnet = subnet_of(pool);
      const auto same =
          std::ranges::find_if(base.items, [&](const Node& b) { return subnet_of(b) == subnet; });
      if (same == base.items.end() || !pool.is(Kind::mapping)) {
        base.items.push_back(std::move(pool));
      } else {
        for (auto& entry : pool.entries)
          same->set(std::move(entry.key), std::move(entry.value), entry.key_mark);
      }
    }
  }

  static void add_hosts(Node& base, Node over) {
    if (over.directive != Directive::none) {
      base = std::move(over);
      return;
    }
    for (auto& address : over.items) {
      const auto same = [&](const Node& known) { return known.text == address.text; };
      if (std::ranges::none_of(base.items, same)) base.items.push_back(std::move(address));
    }
  }

  static bool names_another_driver(const Node& base, const Node& over) {
    const auto before = member_text(base, "driver");
    const auto after = member_text(over, "driver");
    return !before.empty() && !after.empty() && before != after;
  }

  Diagnostics& diagnostics_;
  bool keep_;
};

void remove_duplicates_below(Node& node, PatternTable::Place place) {
  if (place == PatternTable::k_none) return;
  if (const Attribute* attribute = attribute_at(place);
      attribute && attribute->identity && node.is(Kind::list))
    collapse(node.items, attribute->identity);
  for (auto& entry : node.entries) remove_duplicates_below(entry.value, attributes().child(place, entry.key));
}

}  // namespace

void merge(Node& base, Node over, Diagnostics& diagnostics, bool keep_directives) {
  Merge{diagnostics, keep_directives}.lay(base, std::move(over), PatternTable::root(), KeyPath{});
}

void merge_service(Node& base, Node over, Diagnostics& diagnostics) {
  const auto place = attributes().child(attributes().child(PatternTable::root(), "services"), "*");
  static const KeyPath root;
  Merge{diagnostics, true}.lay(base, std::move(over), place, KeyPath{root, "services"});
}

void apply_directives(Node& node) {
  std::erase_if(node.entries, [](const Entry& e) { return e.value.directive == Directive::reset; });
  std::erase_if(node.items, [](const Node& item) { return item.directive == Directive::reset; });
  node.directive = Directive::none;
  for (auto& entry : node.entries) apply_directives(entry.value);
  for (auto& item : node.items) apply_directives(item);
}

void remove_duplicates(Node& document) {
  remove_duplicates_below(document, PatternTable::root());
}

}  // namespace compose::loader
