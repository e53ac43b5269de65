#include "compose/loader/codec_lists.hpp"

#include <algorithm>

#include "compose/loader/codec_objects.hpp"
#include "compose/loader/codec_scalars.hpp"
#include "compose/loader/codec_words.hpp"
#include "compose/loader/short_syntax.hpp"
#include "runtime-shim/spec/kernel_words.hpp"

namespace compose::loader {

namespace {

model::Value list_of(const model::Strings& strings) {
  model::Value::List list;
  list.reserve(strings.size());
  for (const auto& string : strings) list.emplace_back(string);
  return list;
}

bool is_number(const Node& node) {
  return node.is(Kind::integer) || node.is(Kind::floating);
}

// Calls f(entry, path) for each entry of a mapping; null is an empty one.
template <class F>
void each_entry(Reader& reader, const Node& node, const KeyPath& path, std::string_view wanted, F&& f) {
  if (node.is(Kind::null)) return;
  if (!node.is(Kind::mapping)) return reader.expect(node, path, wanted);
  for (const auto& entry : node.entries)
    if (!entry.value.broken) f(entry, KeyPath{path, entry.key});
}

}  // namespace

// ---- lists ----

void TextList::read(Reader& reader, const Node& node, const KeyPath& path, model::Strings& value) {
  if (node.is(Kind::null)) return;
  if (!node.is(Kind::list)) return reader.expect(node, path, "a list of strings");
  value.reserve(node.items.size());
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (node.items[i].broken) continue;
    if (!node.items[i].is(Kind::string)) reader.expect(node.items[i], KeyPath{path, i}, "a string");
    value.push_back(node.items[i].text);
  }
}

bool TextList::write(const Writer&, const model::Strings& value, model::Value& out) {
  out = list_of(value);
  return !value.empty();
}

namespace {

void refuse_duplicates(Reader& reader, const Node& node, const KeyPath& path, const model::Strings& value) {
  for (std::size_t i = 0; i < value.size() && value.size() == node.items.size(); ++i) {
    const auto earlier = std::find(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(i), value[i]);
    if (earlier != value.begin() + static_cast<std::ptrdiff_t>(i))
      reader.fail(node.items[i], KeyPath{path, i}, base::text("'{}' is listed twice", value[i]));
  }
}

}  // namespace

void UniqueTextList::read(Reader& reader, const Node& node, const KeyPath& path, model::Strings& value) {
  TextList::read(reader, node, path, value);
  refuse_duplicates(reader, node, path, value);
}

void NonEmptyTextList::read(Reader& reader, const Node& node, const KeyPath& path, model::Strings& value) {
  UniqueTextList::read(reader, node, path, value);
  std::erase(value, "");
}

void UniqueTextOrNumberList::read(Reader& reader, const Node& node, const KeyPath& path,
                                  model::Strings& value) {
  TextOrNumberList::read(reader, node, path, value);
  refuse_duplicates(reader, node, path, value);
}

void TextOrNumberList::read(Reader& reader, const Node& node, const KeyPath& path, model::Strings& value) {
  if (node.is(Kind::null)) return;
  if (!node.is(Kind::list)) return reader.expect(node, path, "a list of strings or numbers");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const auto& item = node.items[i];
    if (!item.is(Kind::string) && !is_number(item))
      reader.expect(item, KeyPath{path, i}, "a string or a number");
    value.push_back(scalar_text(item));
  }
}

void CommandLine::read(Reader& reader, const Node& node, const KeyPath& path, model::Command& value) {
  if (node.is(Kind::null)) return;
  if (!node.is(Kind::string)) {
    if (!node.is(Kind::list)) return reader.expect(node, path, "a string or a list of strings");
    return TextList::read(reader, node, path, value.emplace());
  }
  try {
    auto split = split_words(node.text);
    value = std::move(split.words);
    if (split.cut_at == std::string_view::npos) return;
    reader.warn(
        node.mark,
        base::text("{}: no shell runs this, so the command ends before '{}'; write [\"sh\", \"-c\", \"...\"]",
                   path.text(), std::string_view{node.text}.substr(split.cut_at, 20)));
  } catch (const base::Error& e) {
    reader.fail(node, path, e.what());
  }
}

bool CommandLine::write(const Writer&, const model::Command& value, model::Value& out) {
  if (value) out = list_of(*value);
  return value.has_value();
}

bool ServiceCommand::write(const Writer& writer, const model::Command& value, model::Value& out) {
  return CommandLine::write(writer, value, out) || writer.json();
}

void HealthTest::read(Reader& reader, const Node& node, const KeyPath& path,
                      std::optional<model::Strings>& value) {
  if (node.is(Kind::null)) return;
  if (node.is(Kind::string)) {
    value = {"CMD-SHELL", node.text};
    return;
  }
  if (!node.is(Kind::list)) return reader.expect(node, path, "a string or a list of strings");
  TextList::read(reader, node, path, value.emplace());
}

bool HealthTest::write(const Writer&, const std::optional<model::Strings>& value, model::Value& out) {
  if (value) out = list_of(*value);
  return value && !value->empty();
}

bool WatchExec::write(const Writer& writer, const std::optional<model::Hook>& value, model::Value& out) {
  if (value || !writer.json()) return Object<model::Hook>::write(writer, value, out);
  out = model::Value::Mapping{{"command", {}}};
  return true;
}

// ---- maps ----

void KeyValues::read(Reader& reader, const Node& node, const KeyPath& path, model::StringMap& value) {
  each_entry(reader, node, path, "a mapping or a list of KEY=value",
             [&](const Entry& entry, const KeyPath& inner) {
               if (!entry.value.is_scalar())
                 return reader.expect(entry.value, inner, "a string, number, boolean or null");
               value[entry.key] = entry.value.is(Kind::null) ? std::string{} : scalar_text(entry.value);
             });
}

bool KeyValues::write(const Writer&, const model::StringMap& value, model::Value& out) {
  model::Value::Mapping mapping;
  for (const auto& [key, text] : value) mapping.push_back({key, text});
  out = std::move(mapping);
  return !value.empty();
}

void TextMap::read(Reader& reader, const Node& node, const KeyPath& path, model::StringMap& value) {
  each_entry(reader, node, path, "a mapping", [&](const Entry& entry, const KeyPath& inner) {
    if (!entry.value.is(Kind::string) && !is_number(entry.value))
      return reader.expect(entry.value, inner, "a string or a number");
    value[entry.key] = scalar_text(entry.value);
  });
}

void Contexts::read(Reader& reader, const Node& node, const KeyPath& path, model::StringMap& value) {
  each_entry(reader, node, path, kind, [&](const Entry& entry, const KeyPath& inner) {
    if (entry.value.is(Kind::null)) reader.expect(entry.value, inner, "a string");
  });
  KeyValues::read(reader, node, path, value);
}

void Variables::read(Reader& reader, const Node& node, const KeyPath& path, model::Environment& value) {
  each_entry(reader, node, path, "a mapping or a list of KEY=value",
             [&](const Entry& entry, const KeyPath& inner) {
               if (!entry.value.is_scalar())
                 return reader.expect(entry.value, inner, "a string, number, boolean or null");
               auto& text = value[entry.key];
               if (!entry.value.is(Kind::null)) text = scalar_text(entry.value);
             });
}

bool Variables::write(const Writer&, const model::Environment& value, model::Value& out) {
  model::Value::Mapping mapping;
  for (const auto& [key, text] : value) mapping.push_back({key, text ? model::Value{*text} : model::Value{}});
  out = std::move(mapping);
  return !value.empty();
}

void HostAddresses::read(Reader& reader, const Node& node, const KeyPath& path, Hosts& value) {
  each_entry(reader, node, path, "a mapping or a list of host=address",
             [&](const Entry& entry, const KeyPath& inner) {
               if (entry.value.is(Kind::null))
                 return reader.expect(entry.value, inner, "an address or a list of addresses");
               TextList::read(reader, entry.value, inner, value[entry.key]);
               for (const auto& item : entry.value.items) {
                 const auto complaint = complain::host_address(item.text);
                 if (item.is(Kind::string) && !item.broken && !complaint.empty())
                   reader.fail(item, inner, complaint);
               }
             });
}

// Printed as the list "name=address", sorted.
bool HostAddresses::write(const Writer&, const Hosts& value, model::Value& out) {
  model::Value::List list;
  for (const auto& [name, addresses] : value)
    for (const auto& address : addresses) list.emplace_back(name + "=" + address);
  out = std::move(list);
  return !value.empty();
}

void ProviderOptions::read(Reader& reader, const Node& node, const KeyPath& path, Options& value) {
  each_entry(reader, node, path, "a mapping", [&](const Entry& entry, const KeyPath& inner) {
    auto& texts = value[entry.key];
    if (entry.value.is_scalar() && !entry.value.is(Kind::null)) {
      texts.push_back(scalar_text(entry.value));
    } else if (entry.value.is(Kind::list)) {
      for (const auto& item : entry.value.items) texts.push_back(scalar_text(item));
    } else {
      reader.expect(entry.value, inner, "a scalar or a list of scalars");
    }
  });
}

bool ProviderOptions::write(const Writer&, const Options& value, model::Value& out) {
  model::Value::Mapping mapping;
  for (const auto& [key, texts] : value) mapping.push_back({key, list_of(texts)});
  out = std::move(mapping);
  return !value.empty();
}

namespace {

void read_bound(Reader& reader, const Node& node, const KeyPath& path, std::int64_t& bound) {
  constexpr std::int64_t unlimited = -1;
  Integer::read(reader, node, path, bound);
  if (bound < unlimited)
    reader.fail(node, path, base::text("must be a number, or -1 for no limit, not {}", bound));
}

void read_bounds(Reader& reader, const Node& node, const KeyPath& path, model::Ulimit& limit) {
  for (const auto* key : {"soft", "hard"})
    if (!node.find(key)) reader.fail(node, path, base::text("missing key '{}'", key));
  for (const auto& bound : node.entries) {
    const KeyPath bound_path{path, bound.key};
    if (bound.key == "soft")
      read_bound(reader, bound.value, bound_path, limit.soft);
    else if (bound.key == "hard")
      read_bound(reader, bound.value, bound_path, limit.hard);
    else if (!bound.key.starts_with("x-"))
      reader.fail(bound.value, path, base::text("unknown key '{}'", bound.key));
  }
  if (limit.hard >= 0 && (limit.soft < 0 || limit.soft > limit.hard) && node.find("soft") &&
      node.find("hard"))
    reader.fail(
        node, path,
        base::text("the soft limit {} is above the hard limit {}",
                   limit.soft < 0 ? std::string{"-1 (none)"} : std::to_string(limit.soft), limit.hard));
}

void check_limit_name(Reader& reader, const Entry& entry, const KeyPath& path) {
  std::vector<std::string_view> known;
  for (const auto& limit : rt::resource_limits()) known.push_back(limit.name);
  if (std::ranges::find(known, entry.key) != known.end()) return;
  Node at;
  at.mark = entry.key_mark;
  reader.fail(at, path, base::text("unknown limit '{}'{}", entry.key, suggestion(entry.key, known)));
}

}  // namespace

void UlimitMap::read(Reader& reader, const Node& node, const KeyPath& path, model::Ulimits& value) {
  each_entry(reader, node, path, "a mapping", [&](const Entry& entry, const KeyPath& inner) {
    check_limit_name(reader, entry, path);
    auto& limit = value[entry.key];
    if (entry.value.is(Kind::mapping)) return read_bounds(reader, entry.value, inner, limit);
    if (!entry.value.is_scalar()) return reader.expect(entry.value, inner, "an integer or a mapping");
    limit.single = true;
    read_bound(reader, entry.value, inner, limit.soft);
    limit.hard = limit.soft;
  });
}

bool UlimitMap::write(const Writer&, const model::Ulimits& value, model::Value& out) {
  model::Value::Mapping mapping;
  for (const auto& [key, limit] : value) {
    mapping.push_back({key, limit.single ? model::Value{limit.soft}
                                         : model::Value{model::Value::Mapping{{"soft", limit.soft},
                                                                              {"hard", limit.hard}}}});
  }
  out = std::move(mapping);
  return !value.empty();
}

}  // namespace compose::loader
