#include "compose/loader/canonical.hpp"

#include <array>

#include "compose/loader/key_path.hpp"
#include "compose/loader/short_syntax.hpp"

namespace compose::loader {

namespace {

constexpr std::size_t k_most_ports = 65'536;  // of one service, once ranges are expanded

struct Context {
  const CanonicalOptions& options;
  Diagnostics& diagnostics;

  // Runs a parser over the node's text; its Error is reported at the node.
  template <class F>
  void parse(Node& node, const KeyPath& path, F&& f) const {
    try {
      f();
    } catch (const base::Error& e) {
      if (options.lenient) return;
      diagnostics.error(node.mark, path.text() + ": " + e.what());
      node.broken = true;
    }
  }
};

using Rewrite = void (*)(const Context&, Node&, const KeyPath&);

Node text_node(const Node& from, std::string text) {
  Node node = Node::string(std::move(text), from.mark);
  node.interpolated = from.interpolated;
  return node;
}

// Replaces what the node holds and keeps its mark and directive.
void become(Node& node, Node content) {
  content.directive = node.directive;
  content.mark = node.mark;
  node = std::move(content);
}

void wrap_in_list(const Context&, Node& node, const KeyPath&) {
  if (!node.is(Kind::string)) return;
  Node list = Node::list(node.mark);
  list.items.push_back(text_node(node, node.text));
  become(node, std::move(list));
}

void wrap_in_mapping(Node& node, std::string_view key) {
  if (!node.is(Kind::string) || node.broken) return;
  Node mapping = Node::mapping(node.mark);
  mapping.set(std::string{key}, text_node(node, node.text));
  become(node, std::move(mapping));
}

void build_from_context(const Context&, Node& node, const KeyPath&) {
  wrap_in_mapping(node, "context");
}
void service_of_extends(const Context&, Node& node, const KeyPath&) {
  wrap_in_mapping(node, "service");
}
void source_of_grant(const Context&, Node& node, const KeyPath&) {
  wrap_in_mapping(node, "source");
}

// ["KEY=value", "KEY"] -> {KEY: value, KEY: null}
void key_values(const Context& context, Node& node, const KeyPath& path) {
  if (!node.is(Kind::list)) return;
  Node mapping = Node::mapping(node.mark);
  EntryIndex index(mapping.entries);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto& item = node.items[i];
    if (item.directive == Directive::reset || item.broken) continue;
    if (!item.is(Kind::string)) {
      context.diagnostics.error(item.mark, base::text("{}: must be a string of the form KEY=value, not {}",
                                                      KeyPath{path, i}.text(), describe(item.kind)));
      continue;
    }
    const auto equals = item.text.find('=');
    Node value = equals == std::string::npos ? Node{} : text_node(item, item.text.substr(equals + 1));
    value.mark = item.mark;
    const auto key = item.text.substr(0, equals);
    if (Entry* known = index.find(key))
      known->value = std::move(value);
    else
      index.append({key, item.mark, std::move(value)});
  }
  become(node, std::move(mapping));
}

void environment(const Context& context, Node& node, const KeyPath& path) {
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto& item = node.items[i];
    const auto key = std::string_view{item.text}.substr(0, item.text.find('='));
    if (!item.is(Kind::string) || !key.ends_with(' ')) continue;
    context.diagnostics.error(item.mark,
                              base::text("{}: environment variable {} is declared with a trailing space",
                                         KeyPath{path, i}.text(), key));
    item.broken = true;
  }
  key_values(context, node, path);
}

// ["a", "b"] -> {a: <made by fill>, b: ...}
template <class F>
void names_to_mapping(const Context& context, Node& node, const KeyPath& path, F&& fill) {
  if (!node.is(Kind::list)) return;
  Node mapping = Node::mapping(node.mark);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto& item = node.items[i];
    if (item.directive == Directive::reset || item.broken) continue;
    if (!item.is(Kind::string)) {
      context.diagnostics.error(item.mark, base::text("{}: must be a string, not {}", KeyPath{path, i}.text(),
                                                      describe(item.kind)));
    } else if (mapping.find(item.text)) {
      context.diagnostics.error(item.mark,
                                base::text("{}: '{}' is listed twice", KeyPath{path, i}.text(), item.text));
    } else {
      mapping.set(item.text, fill(item), item.mark);
    }
  }
  become(node, std::move(mapping));
}

void names(const Context& context, Node& node, const KeyPath& path) {
  names_to_mapping(context, node, path, [](const Node& item) {
    Node nothing;
    nothing.mark = item.mark;
    return nothing;
  });
}

void dependencies(const Context& context, Node& node, const KeyPath& path) {
  names_to_mapping(context, node, path, [](const Node& item) {
    Node edge = Node::mapping(item.mark);
    edge.set("condition", text_node(item, "service_started"));
    edge.set("required", Node::boolean(true, item.mark));
    return edge;
  });
}

// Entries of a list that need a value are reported; `unvalued` may stand alone.
void require_values(const Context& context, Node& node, const KeyPath& path, std::string_view unvalued) {
  if (!node.is(Kind::list)) return;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto& item = node.items[i];
    if (!item.is(Kind::string) || item.text.find('=') != std::string::npos || item.text == unvalued) continue;
    context.parse(item, KeyPath{path, i},
                  [&] { base::fail("must be of the form name=value, not '{}'", item.text); });
  }
}

void ssh_keys(const Context& context, Node& node, const KeyPath& path) {
  require_values(context, node, path, "default");
  key_values(context, node, path);
}

void contexts(const Context& context, Node& node, const KeyPath& path) {
  require_values(context, node, path, "");
  key_values(context, node, path);
}

void environment_files(const Context&, Node& node, const KeyPath&) {
  if (node.is(Kind::string)) {
    Node list = Node::list(node.mark);
    list.items.push_back(text_node(node, node.text));
    become(node, std::move(list));
  }
  for (auto& item : node.items) wrap_in_mapping(item, "path");
}

void device(const Context& context, Node& node, const KeyPath& path) {
  if (!node.is(Kind::string)) return;
  context.parse(node, path, [&] {
    const auto parsed = parse_device(node.text);
    Node mapping = Node::mapping(node.mark);
    mapping.set("source", text_node(node, parsed.source));
    mapping.set("target", text_node(node, parsed.target));
    mapping.set("permissions", text_node(node, parsed.permissions));
    become(node, std::move(mapping));
  });
}

void gpus(const Context&, Node& node, const KeyPath&) {
  if (!node.is(Kind::string) || node.text != "all") return;
  Node request = Node::mapping(node.mark);
  request.set("count", Node::of_integer(-1, node.mark));
  Node list = Node::list(node.mark);
  list.items.push_back(std::move(request));
  become(node, std::move(list));
}

// -> {name: [address, ...]}
void hosts(const Context& context, Node& node, const KeyPath& path) {
  Node mapping = Node::mapping(node.mark);
  const auto add = [&](const std::string& name, const Node& where, std::string address) {
    Node* known = mapping.find(name);
    if (!known) known = &mapping.set(name, Node::list(where.mark));
    known->items.push_back(text_node(where, std::move(address)));
  };
  if (node.is(Kind::list)) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      auto& item = node.items[i];
      if (!item.is(Kind::string) || item.broken) {
        context.diagnostics.error(item.mark,
                                  base::text("{}: must be a string of the form host=address, not {}",
                                             KeyPath{path, i}.text(), describe(item.kind)));
        continue;
      }
      context.parse(item, KeyPath{path, i}, [&] {
        auto host = parse_host(item.text);
        add(host.name, item, std::move(host.address));
      });
    }
  } else if (node.is(Kind::mapping)) {
    for (auto& entry : node.entries) {
      if (entry.value.is(Kind::string)) {
        Node list = Node::list(entry.value.mark);
        list.items.push_back(text_node(entry.value, entry.value.text));
        become(entry.value, std::move(list));
      }
      for (auto& address : entry.value.items) address.text = without_brackets(address.text);
    }
    return;
  } else {
    return;
  }
  become(node, std::move(mapping));
}

// external: {name: x} -> external: true, name: x
void external(const Context& context, Node& node, const KeyPath& path) {
  Node* external = node.is(Kind::mapping) ? node.find("external") : nullptr;
  if (!external || !external->is(Kind::mapping)) return;
  for (const auto& entry : external->entries) {
    if (entry.key != "name" && !entry.key.starts_with("x-"))
      context.diagnostics.error(entry.key_mark,
                                base::text("{}.external: unknown key '{}'", path.text(), entry.key));
  }
  const Node* name = external->find("name");
  const Mark mark = external->mark;
  if (name && name->is(Kind::string)) {
    context.diagnostics.warn(
        mark, base::text("{}: 'external.name' is deprecated, write 'name: {}' and 'external: true'",
                         path.text(), name->text));
    const Node* own = node.find("name");
    if (own && own->text != name->text) {
      context.diagnostics.error(
          mark, base::text("{}: name '{}' and external.name '{}' conflict, only use name", path.text(),
                           own->text, name->text));
    }
    node.set("name", Node{*name});
  }
  *node.find("external") = Node::boolean(true, mark);
}

Node port_mapping(const Node& from, const PortBinding& binding) {
  Node mapping = Node::mapping(from.mark);
  mapping.entries.reserve(5);
  mapping.set("mode", text_node(from, "ingress"));
  if (!binding.host_ip.empty()) mapping.set("host_ip", text_node(from, binding.host_ip));
  mapping.set("target", Node::of_integer(binding.target, from.mark));
  if (!binding.published.empty()) mapping.set("published", text_node(from, binding.published));
  mapping.set("protocol", text_node(from, binding.protocol));
  return mapping;
}

void ports(const Context& context, Node& node, const KeyPath& path) {
  if (!node.is(Kind::list)) return;
  std::vector<Node> expanded;
  const auto as_written = context.options.lenient ? node.items : std::vector<Node>{};
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto& item = node.items[i];
    if ((!item.is(Kind::string) && !item.is(Kind::integer)) || item.broken ||
        item.directive == Directive::reset) {
      expanded.push_back(std::move(item));
      continue;
    }
    const auto before = expanded.size();
    context.parse(item, KeyPath{path, i}, [&] {
      for (const auto& binding : parse_port(item.text)) {
        if (expanded.size() >= k_most_ports) base::fail("more than {} ports of one service", k_most_ports);
        expanded.push_back(port_mapping(item, binding));
      }
    });
    if (expanded.size() != before) continue;
    if (context.options.lenient) {
      node.items = as_written;
      return;
    }
    expanded.push_back(std::move(item));
  }
  node.items = std::move(expanded);
}

void mount(const Context& context, Node& node, const KeyPath& path) {
  if (!node.is(Kind::string)) return;
  context.parse(node, path, [&] {
    const auto parsed = parse_mount(node.text);
    Node mapping = Node::mapping(node.mark);
    const auto set_text = [&node](Node& in, std::string_view key, const std::string& value) {
      if (!value.empty()) in.set(std::string{key}, text_node(node, value));
    };
    set_text(mapping, "type", parsed.type);
    set_text(mapping, "source", parsed.source);
    set_text(mapping, "target", parsed.target);
    if (parsed.read_only) mapping.set("read_only", Node::boolean(true, node.mark));
    set_text(mapping, "consistency", parsed.consistency);
    if (parsed.type == "bind" || !parsed.selinux.empty() || !parsed.propagation.empty()) {
      Node bind = Node::mapping(node.mark);
      if (parsed.type == "bind") bind.set("create_host_path", Node::boolean(true, node.mark));
      set_text(bind, "propagation", parsed.propagation);
      set_text(bind, "selinux", parsed.selinux);
      mapping.set("bind", std::move(bind));
    }
    const bool names_target_only = node.text.size() <= 2;  // no options then, for Docker Compose
    if ((parsed.type == "volume" && !names_target_only) || parsed.nocopy) {
      Node volume = Node::mapping(node.mark);
      if (parsed.nocopy) volume.set("nocopy", Node::boolean(true, node.mark));
      mapping.set("volume", std::move(volume));
    }
    become(node, std::move(mapping));
  });
}

void grants(const Context& context, Node& node, const KeyPath& path) {
  for (auto& item : node.items) source_of_grant(context, item, path);
}
void devices(const Context& context, Node& node, const KeyPath& path) {
  for (std::size_t i = 0; i < node.items.size(); ++i) device(context, node.items[i], KeyPath{path, i});
}
void mounts(const Context& context, Node& node, const KeyPath& path) {
  for (std::size_t i = 0; i < node.items.size(); ++i) mount(context, node.items[i], KeyPath{path, i});
}

struct CanonicalRow {
  std::string_view pattern;
  Rewrite rewrite;
};

constexpr auto k_canonical_rows = std::to_array<CanonicalRow>({
    {"services.*.annotations", key_values},
    {"services.*.build", build_from_context},
    {"services.*.build.additional_contexts", contexts},
    {"services.*.build.args", key_values},
    {"services.*.build.extra_hosts", hosts},
    {"services.*.build.labels", key_values},
    {"services.*.build.no_cache_filter", wrap_in_list},
    {"services.*.build.secrets", grants},
    {"services.*.build.ssh", ssh_keys},
    {"services.*.configs", grants},
    {"services.*.depends_on", dependencies},
    {"services.*.deploy.labels", key_values},
    {"services.*.deploy.resources.reservations.devices.*.options", key_values},
    {"services.*.develop.watch.*.exec.environment", environment},
    {"services.*.develop.watch.*.ignore", wrap_in_list},
    {"services.*.develop.watch.*.include", wrap_in_list},
    {"services.*.devices", devices},
    {"services.*.dns", wrap_in_list},
    {"services.*.dns_search", wrap_in_list},
    {"services.*.env_file", environment_files},
    {"services.*.environment", environment},
    {"services.*.extends", service_of_extends},
    {"services.*.extra_hosts", hosts},
    {"services.*.gpus", gpus},
    {"services.*.gpus.*.options", key_values},
    {"services.*.label_file", wrap_in_list},
    {"services.*.labels", key_values},
    {"services.*.models", names},
    {"services.*.networks", names},
    {"services.*.ports", ports},
    {"services.*.post_start.*.environment", environment},
    {"services.*.pre_start.*.environment", environment},
    {"services.*.pre_stop.*.environment", environment},
    {"services.*.secrets", grants},
    {"services.*.sysctls", key_values},
    {"services.*.tmpfs", wrap_in_list},
    {"services.*.volumes", mounts},
    {"services.*.volumes.*.volume.labels", key_values},
    {"networks.*", external},
    {"networks.*.labels", key_values},
    {"volumes.*", external},
    {"volumes.*.labels", key_values},
    {"configs.*", external},
    {"configs.*.labels", key_values},
    {"secrets.*", external},
    {"secrets.*.labels", key_values},
});

const PatternTable& canonical_rows() {
  static const PatternTable table = [] {
    PatternTable built;
    for (std::size_t i = 0; i < k_canonical_rows.size(); ++i)
      built.add(k_canonical_rows[i].pattern, static_cast<int>(i));
    return built;
  }();
  return table;
}

void rewrite_all(const Context& context, Node& node, PatternTable::Place place, const KeyPath& path) {
  if (place == PatternTable::k_none || node.directive == Directive::reset || node.broken) return;
  if (const int row = canonical_rows().rule(place); row != PatternTable::k_none)
    k_canonical_rows[static_cast<std::size_t>(row)].rewrite(context, node, path);
  for (auto& entry : node.entries)
    rewrite_all(context, entry.value, canonical_rows().child(place, entry.key), KeyPath{path, entry.key});
  for (std::size_t i = 0; i < node.items.size(); ++i)
    rewrite_all(context, node.items[i], canonical_rows().element(place), KeyPath{path, i});
}

}  // namespace

void make_canonical(Node& document, const CanonicalOptions& options, Diagnostics& diagnostics) {
  rewrite_all(Context{options, diagnostics}, document, PatternTable::root(), KeyPath{});
}

}  // namespace compose::loader
