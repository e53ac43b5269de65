// Phase: extends. A service is laid over a copy of the service that it extends, after that one's own extends.
#include <algorithm>
#include <memory>

#include "base/path.hpp"
#include "compose/loader/merge.hpp"
#include "compose/loader/read_model.hpp"
#include "compose/loader/resolve_paths.hpp"

namespace compose::loader {

namespace {

constexpr std::size_t k_longest_chain = 100;

// The services of one document, or of a file that services are taken from.
struct Scope {
  std::string file;       // absolute
  std::string directory;  // that relative `file:` entries are relative to
  Node* services = nullptr;
  EntryIndex index;
  explicit Scope(Node& all) : services(&all), index(all.entries) {}
};

struct Link {
  std::string service;
  std::string file;
  bool operator==(const Link&) const = default;
};

struct Request {
  Mark mark;
  std::string service;
  std::string file;  // as written; empty: the same document
};

class ExtendsResolver {
 public:
  ExtendsResolver(LoadState& state, const ModelSource& source) : state_(state), source_(source) {}

  void resolve(Scope& scope, const std::string& name, Node& service, std::vector<Link>& chain) {
    if (!service.is(Kind::mapping) || !service.find("extends")) return;
    const auto request = take_request(name, service);
    if (!request) return;
    if (chain.size() >= k_longest_chain) {
      fail(request->mark, base::text("more than {} services extend one another", k_longest_chain));
      return;
    }
    chain.push_back({name, scope.file});
    if (auto base = base_of(scope, name, *request, chain)) {
      apply_directives(*base);
      merge_service(*base, std::move(service), state_.diagnostics);
      service = *std::move(base);
    }
    chain.pop_back();
  }

 private:
  void fail(Mark mark, std::string message) { state_.diagnostics.error(mark, std::move(message)); }

  std::optional<Request> take_request(const std::string& name, Node& service) {
    Node extends = std::move(*service.find("extends"));
    service.remove("extends");
    if (extends.broken || extends.directive == Directive::reset) return std::nullopt;
    if (!extends.is(Kind::mapping)) {
      fail(extends.mark, base::text("services.{}.extends: must be a service name or a mapping, not {}", name,
                                    describe(extends.kind)));
      return std::nullopt;
    }
    Request request{.mark = extends.mark};
    for (const auto& entry : extends.entries) {
      static constexpr std::string_view known[] = {"service", "file"};
      if (std::ranges::find(known, entry.key) == std::end(known)) {
        fail(entry.key_mark, base::text("services.{}.extends: unknown key '{}'{}", name, entry.key,
                                        suggestion(entry.key, known)));
      } else if (!entry.value.is(Kind::string)) {
        fail(entry.value.mark, base::text("services.{}.extends.{}: must be a string, not {}", name, entry.key,
                                          describe(entry.value.kind)));
        return std::nullopt;
      } else {
        (entry.key == "service" ? request.service : request.file) = entry.value.text;
      }
    }
    if (request.service.empty()) {
      fail(request.mark, base::text("services.{}.extends: missing key 'service'", name));
      return std::nullopt;
    }
    return request;
  }

  // A copy of the base service with its own extends resolved; nullopt when there is none (reported).
  std::optional<Node> base_of(Scope& scope, const std::string& name, const Request& request,
                              std::vector<Link>& chain) {
    Scope* target = &scope;
    if (!request.file.empty()) {
      target = scope_of_file(scope, name, request);
      if (!target) return std::nullopt;
    }
    if (closes_cycle(chain, {request.service, target->file}, request.mark)) return std::nullopt;
    Entry* found = target->index.find(request.service);
    if (!found) {
      std::vector<std::string_view> names;
      for (const auto& entry : target->services->entries) names.push_back(entry.key);
      fail(request.mark,
           base::text("cannot extend service \"{}\": service \"{}\" not found in {}{}", name, request.service,
                      shown_path(target->file, state_.options.current_directory),
                      suggestion(request.service, names)));
      return std::nullopt;
    }
    resolve(*target, request.service, found->value, chain);
    Node base = found->value;
    if (target != &scope && base.is(Kind::mapping))
      resolve_service_paths(base, base::HostPath{relative_file(request.file)}.parent().str(),
                            source_.environment);
    return base;
  }

  bool closes_cycle(const std::vector<Link>& chain, const Link& next, Mark mark) {
    if (std::ranges::find(chain, next) == chain.end()) return false;
    std::string message = "circular reference:";
    for (std::size_t i = 0; i < chain.size(); ++i)
      message += base::text("\n  {}{} in {}", i == 0 ? "" : "extends ", chain[i].service, chain[i].file);
    fail(mark, message + base::text("\n  extends {} in {}", next.service, next.file));
    return true;
  }

  // "base.yaml" -> "./base.yaml", so that its directory is "."
  static std::string relative_file(const std::string& file) {
    return file.find('/') == std::string::npos ? "./" + file : file;
  }

  Scope* scope_of_file(const Scope& from, const std::string& name, const Request& request) {
    const auto path = base::absolute_path(request.file, from.directory);
    for (auto& [known, scope] : files_)
      if (known == path) return scope.get();
    try {
      refuse_remote(request.file, "the extended file");
      return files_.emplace_back(path, read_scope(path)).second.get();
    } catch (const base::Error& e) {
      fail(request.mark, base::text("services.{}.extends: {}", name, e.what()));
      return nullptr;
    }
  }

  std::unique_ptr<Scope> read_scope(const std::string& path) {
    Node model = Node::mapping({});
    for (auto& file : parse_files(state_, {path})) {
      for (auto& document : file.documents) {
        if (!document.is(Kind::mapping)) base::fail("top-level object of {} must be a mapping", path);
        prepare_document(state_, source_.environment, document);
        merge(model, std::move(document), state_.diagnostics);
        apply_directives_keeping_services(model);
      }
    }
    Node* services = model.find("services");
    if (!services || !services->is(Kind::mapping)) base::fail("{} has no services", path);
    auto owned = std::make_unique<Node>(std::move(*services));
    auto scope = std::make_unique<Scope>(*owned);
    scope->file = path;
    scope->directory = base::HostPath{path}.parent().str();
    owners_.push_back(std::move(owned));
    return scope;
  }

  static void apply_directives_keeping_services(Node& model) {
    for (auto& entry : model.entries)
      if (entry.key != "services") apply_directives(entry.value);
  }

  LoadState& state_;
  const ModelSource& source_;
  std::vector<std::unique_ptr<Node>> owners_;
  std::vector<std::pair<std::string, std::unique_ptr<Scope>>> files_;
};

}  // namespace

void apply_extends(LoadState& state, const ModelSource& source, const std::string& file, Node& document) {
  Node* services = document.find("services");
  if (!services || !services->is(Kind::mapping)) return;
  const auto extends_something = [](const Entry& e) {
    return e.value.is(Kind::mapping) && e.value.find("extends");
  };
  if (std::ranges::none_of(services->entries, extends_something)) return;
  ExtendsResolver resolver(state, source);
  Scope scope(*services);
  scope.file = file;
  scope.directory = source.working_directory;
  for (auto& entry : services->entries) {
    std::vector<Link> chain;
    if (entry.value.directive != Directive::reset) resolver.resolve(scope, entry.key, entry.value, chain);
  }
}

}  // namespace compose::loader
