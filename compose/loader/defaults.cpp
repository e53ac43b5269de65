#include "compose/loader/defaults.hpp"

namespace compose::loader {

namespace {

void set_missing(Node& mapping, std::string_view key, std::string_view value) {
  if (mapping.is(Kind::mapping) && !mapping.find(key))
    mapping.set(std::string{key}, Node::string(std::string{value}, mapping.mark));
}

// Calls f for each element of the list under `key`.
template <class F>
void each_item(Node& parent, std::string_view key, F&& f) {
  Node* list = parent.is(Kind::mapping) ? parent.find(key) : nullptr;
  if (!list) return;
  for (auto& item : list->items)
    if (item.is(Kind::mapping)) f(item);
}

template <class F>
void each_member(Node& parent, std::string_view key, F&& f) {
  Node* mapping = parent.is(Kind::mapping) ? parent.find(key) : nullptr;
  if (!mapping) return;
  for (auto& entry : mapping->entries) f(entry.value);
}

void fill_device_request(Node& request) {
  if (!request.find("count") && !request.find("device_ids"))
    request.set("count", Node::of_integer(-1, request.mark));
}

void fill_mount(Node& mount) {
  Node* bind = mount.find("bind");
  if (bind && bind->is(Kind::mapping) && !bind->find("create_host_path"))
    bind->set("create_host_path", Node::boolean(true, bind->mark));
}

void fill_secret(Node& grant) {
  const Node* source = grant.find("source");
  if (source && source->is(Kind::string)) set_missing(grant, "target", "/run/secrets/" + source->text);
}

void fill_service(Node& service) {
  if (Node* build = service.is(Kind::mapping) ? service.find("build") : nullptr) {
    set_missing(*build, "context", ".");
    Node* context = build->is(Kind::mapping) ? build->find("context") : nullptr;
    if (context && context->is(Kind::string) && context->text.empty())
      context->text = ".";  // build: ${UNSET}
  }
  each_item(service, "ports", [](Node& port) {
    set_missing(port, "mode", "ingress");
    set_missing(port, "protocol", "tcp");
  });
  each_item(service, "volumes", fill_mount);
  each_item(service, "secrets", fill_secret);
  each_item(service, "devices", [](Node& device) { set_missing(device, "permissions", "rwm"); });
  each_item(service, "gpus", fill_device_request);
  Node* deploy = service.is(Kind::mapping) ? service.find("deploy") : nullptr;
  Node* resources = deploy && deploy->is(Kind::mapping) ? deploy->find("resources") : nullptr;
  Node* reservations = resources && resources->is(Kind::mapping) ? resources->find("reservations") : nullptr;
  if (reservations) each_item(*reservations, "devices", fill_device_request);
}

void look_up_missing(Node& variables, const Environment& environment, bool drop_unknown) {
  for (auto& entry : variables.entries) {
    if (!entry.value.is(Kind::null)) continue;
    if (auto value = look_up(environment, entry.key))
      entry.value = Node::string(*std::move(value), entry.value.mark);
  }
  if (drop_unknown)
    std::erase_if(variables.entries, [](const Entry& entry) { return entry.value.is(Kind::null); });
}

void resolve_service(Node& service, const Environment& environment) {
  if (!service.is(Kind::mapping)) return;
  if (Node* variables = service.find("environment")) look_up_missing(*variables, environment, false);
  Node* build = service.find("build");
  Node* arguments = build && build->is(Kind::mapping) ? build->find("args") : nullptr;
  if (arguments) look_up_missing(*arguments, environment, true);
  for (const auto* hooks : {"pre_start", "post_start", "pre_stop"})
    each_item(service, hooks, [&](Node& hook) {
      if (Node* variables = hook.find("environment")) look_up_missing(*variables, environment, false);
    });
}

void resolve_file_object(Node& object, const Environment& environment) {
  const Node* name = object.is(Kind::mapping) ? object.find("environment") : nullptr;
  if (!name || !name->is(Kind::string) || object.find(k_resolved_content)) return;
  const Mark mark = name->mark;
  if (auto value = look_up(environment, name->text))
    object.set(std::string{k_resolved_content}, Node::string(*std::move(value), mark));
}

}  // namespace

void fill_defaults(Node& model) {
  each_member(model, "services", fill_service);
}

void resolve_variables(Node& model, const Environment& environment) {
  each_member(model, "services", [&](Node& service) { resolve_service(service, environment); });
  each_member(model, "configs", [&](Node& object) { resolve_file_object(object, environment); });
  each_member(model, "secrets", [&](Node& object) { resolve_file_object(object, environment); });
}

}  // namespace compose::loader
