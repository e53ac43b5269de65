#pragma once
// How each type of the model is read from YAML and written back. A codec is a struct with
//   static void read(Reader&, const Node&, const KeyPath&, T&);
//   static bool write(const Writer&, const T&, model::Value&);   false: left out
//   static constexpr std::string_view kind;                      "a string"
// Most rows take the codec of their member's type (DefaultCodec); a row names another where the type says too
// little.
#include <map>
#include <optional>
#include <type_traits>
#include <vector>

#include "compose/loader/record.hpp"
#include "compose/model/project.hpp"

namespace compose::loader {

// ---- scalars ----

struct Text {  // a string; empty is left out
  static constexpr std::string_view kind = "a string";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::string>&);
  static bool write(const Writer&, const std::string&, model::Value&);
  static bool write(const Writer&, const std::optional<std::string>&, model::Value&);
};

struct TextOrNull : Text {
  static constexpr bool nullable = true;
  static constexpr std::string_view kind = "a string or null";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct ContainerName : Text {
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct PullPolicy : Text {
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct TextOrBoolean : Text {
  static constexpr std::string_view kind = "a string or a boolean";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

template <const auto& Words>
struct OneOf : Text {
  static constexpr std::string_view kind = "a word";
  static void read(Reader& reader, const Node& node, const KeyPath& path, std::string& value);
};

struct Flag {  // true, false, and the words of YAML 1.1 in strings, with a warning
  static constexpr std::string_view kind = "a boolean";
  static void read(Reader&, const Node&, const KeyPath&, bool&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<bool>&);
  static bool write(const Writer&, bool, model::Value&);
  static bool write(const Writer&, const std::optional<bool>&, model::Value&);
};

struct StrictFlag : Flag {  // no strings
  static void read(Reader&, const Node&, const KeyPath&, bool&);
};

struct TrueFlag : Flag {  // printed when false, too
  static bool write(const Writer&, bool, model::Value&);
};

struct Integer {
  static constexpr std::string_view kind = "an integer";
  static void read(Reader&, const Node&, const KeyPath&, std::int64_t&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
  static void read(Reader&, const Node&, const KeyPath&, std::uint32_t&);
  static bool write(const Writer&, std::int64_t, model::Value&);
  static bool write(const Writer&, std::uint32_t, model::Value&);
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct ShownInteger : Integer {  // printed when 0, too
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct Number {
  static constexpr std::string_view kind = "a number";
  static void read(Reader&, const Node&, const KeyPath&, double&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<double>&);
  static bool write(const Writer&, double, model::Value&);
  static bool write(const Writer&, const std::optional<double>&, model::Value&);
};

struct PlainNumber : Number {  // strings are not numbers here
  static void read(Reader&, const Node&, const KeyPath&, double&);
};

struct ByteSize {  // "1.5g" or a count; printed as a quoted count
  static constexpr std::string_view kind = "a size in bytes";
  static void read(Reader&, const Node&, const KeyPath&, std::int64_t&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
  static bool write(const Writer&, std::int64_t, model::Value&);
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct ByteText : ByteSize {  // a string only
  static constexpr std::string_view kind = "a size such as '512m'";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
};

struct Count : Integer {  // not negative, printed when 0, too
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct TextOrInteger : Text {
  static constexpr std::string_view kind = "a string or an integer";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct DurationText {  // "1m30s"
  static constexpr std::string_view kind = "a duration";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<model::Duration>&);
  static bool write(const Writer&, const std::optional<model::Duration>&, model::Value&);
};

struct OctalMode {  // 0440, "0440"
  static constexpr std::string_view kind = "a file mode";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<model::FileMode>&);
  static bool write(const Writer&, const std::optional<model::FileMode>&, model::Value&);
};

struct PlainMode : OctalMode {  // printed as a number
  static bool write(const Writer&, const std::optional<model::FileMode>&, model::Value&);
};

struct Percent : Number {
  static void read(Reader&, const Node&, const KeyPath&, std::optional<double>&);
};

struct DeviceCount : Integer {  // a number or "all"
  static constexpr std::string_view kind = "an integer or \"all\"";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
};

// ---- lists and maps of text ----

struct TextList {
  static constexpr std::string_view kind = "a list of strings";
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
  static bool write(const Writer&, const model::Strings&, model::Value&);
};

struct UniqueTextList : TextList {  // equal entries are a mistake
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct NonEmptyTextList : UniqueTextList {  // empty entries do not count
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct UniqueTextOrNumberList : TextList {
  static constexpr std::string_view kind = "a list of strings or numbers";
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct TextOrNumberList : TextList {
  static constexpr std::string_view kind = "a list of strings or numbers";
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct CommandLine {  // a string (split into words), a list, or null
  static constexpr bool nullable = true;
  static constexpr std::string_view kind = "a string or a list of strings";
  static void read(Reader&, const Node&, const KeyPath&, model::Command&);
  static bool write(const Writer&, const model::Command&, model::Value&);
};

struct ServiceCommand : CommandLine {  // JSON says null where the image decides
  static bool write(const Writer&, const model::Command&, model::Value&);
};

struct HealthTest {
  static constexpr std::string_view kind = "a string or a list of strings";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<model::Strings>&);
  static bool write(const Writer&, const std::optional<model::Strings>&, model::Value&);
};

struct KeyValues {  // KEY -> text; scalars become text, null is empty
  static constexpr std::string_view kind = "a mapping or a list of KEY=value";
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
  static bool write(const Writer&, const model::StringMap&, model::Value&);
};

struct TextMap : KeyValues {  // plain map of strings and numbers
  static constexpr std::string_view kind = "a mapping";
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
};

struct Variables {  // KEY -> text or nothing
  static constexpr std::string_view kind = "a mapping or a list of KEY=value";
  static void read(Reader&, const Node&, const KeyPath&, model::Environment&);
  static bool write(const Writer&, const model::Environment&, model::Value&);
};

struct HostAddresses {
  static constexpr std::string_view kind = "a mapping or a list of host=address";
  using Hosts = std::map<std::string, model::Strings>;
  static void read(Reader&, const Node&, const KeyPath&, Hosts&);
  static bool write(const Writer&, const Hosts&, model::Value&);
};

struct Contexts : KeyValues {  // every name has a value
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
};

struct ProviderOptions {
  static constexpr std::string_view kind = "a mapping";
  using Options = std::map<std::string, model::Strings>;
  static void read(Reader&, const Node&, const KeyPath&, Options&);
  static bool write(const Writer&, const Options&, model::Value&);
};

struct UlimitMap {
  static constexpr std::string_view kind = "a mapping";
  static void read(Reader&, const Node&, const KeyPath&, model::Ulimits&);
  static bool write(const Writer&, const model::Ulimits&, model::Value&);
};

struct MountTypeWord {
  static constexpr std::string_view kind = "a word: bind, volume, tmpfs, image, cluster or npipe";
  static void read(Reader&, const Node&, const KeyPath&, model::MountType&);
  static bool write(const Writer&, const model::MountType&, model::Value&);
};

struct ConditionWord {
  static constexpr std::string_view kind =
      "a word: service_started, service_healthy or service_completed_successfully";
  static void read(Reader&, const Node&, const KeyPath&, model::DependencyCondition&);
  static bool write(const Writer&, const model::DependencyCondition&, model::Value&);
};

// ---- objects ----

template <class T>
struct Object {  // left out where absent; a plain member is printed in JSON even when empty
  static constexpr std::string_view kind = "a mapping";
  static void read(Reader& reader, const Node& node, const KeyPath& path, T& value) {
    if (!node.is(Kind::null)) reader.read_record(node, path, table_of<T>(), &value);
  }
  static void read(Reader& reader, const Node& node, const KeyPath& path, std::optional<T>& value) {
    if (!node.is(Kind::null)) reader.read_record(node, path, table_of<T>(), &value.emplace());
  }
  static bool write(const Writer& writer, const T& value, model::Value& out) {
    out = writer.write_record(table_of<T>(), &value);
    return writer.json() || !(value == T{});
  }
  static bool write(const Writer& writer, const std::optional<T>& value, model::Value& out) {
    if (!value) return false;
    out = writer.write_record(table_of<T>(), &*value);
    return true;
  }
};

template <class T>
struct NullableObject : Object<T> {
  static constexpr bool nullable = true;
};

template <class T>
struct ObjectList {
  static constexpr std::string_view kind = "a list of mappings";
  static void read(Reader& reader, const Node& node, const KeyPath& path, std::vector<T>& list) {
    if (node.is(Kind::null)) return;
    if (!node.is(Kind::list)) return reader.expect(node, path, "a list");
    list.reserve(node.items.size());
    for (std::size_t i = 0; i < node.items.size(); ++i)
      reader.read_record(node.items[i], KeyPath{path, i}, table_of<T>(), &list.emplace_back());
  }
  static bool write(const Writer& writer, const std::vector<T>& list, model::Value& out) {
    model::Value::List values;
    for (const auto& element : list) values.push_back(writer.write_record(table_of<T>(), &element));
    out = std::move(values);
    return !list.empty();
  }
};

template <class T>
struct ObjectMap {  // T or std::optional<T>, then null is kept
  static constexpr std::string_view kind = "a mapping of mappings";
  static void read(Reader& reader, const Node& node, const KeyPath& path, std::map<std::string, T>& map) {
    if (node.is(Kind::null)) return;
    if (!node.is(Kind::mapping)) return reader.expect(node, path, "a mapping");
    for (const auto& entry : node.entries) {
      auto& value = map[entry.key];
      const KeyPath inner{path, entry.key};
      if constexpr (requires { value.has_value(); }) {
        Object<typename T::value_type>::read(reader, entry.value, inner, value);
      } else {
        reader.read_record(entry.value, inner, table_of<T>(), &value);
      }
    }
  }
  static bool write(const Writer& writer, const std::map<std::string, T>& map, model::Value& out) {
    model::Value::Mapping values;
    for (const auto& [key, bound] : map) {
      const T& value = bound;  // clang lets no requires-expression name a structured binding
      model::Value written;
      if constexpr (requires { value.has_value(); }) {
        Object<typename T::value_type>::write(writer, value, written);
      } else {
        written = writer.write_record(table_of<T>(), &value);
      }
      values.push_back({key, std::move(written)});
    }
    out = std::move(values);
    return !map.empty();
  }
};

struct WatchExec : Object<model::Hook> {  // JSON prints one without command where there is none
  static bool write(const Writer&, const std::optional<model::Hook>&, model::Value&);
};

// ---- the codec of a type ----

template <class T>
struct DefaultCodec : Object<T> {
  using codec = Object<T>;
};
template <class C>
struct Named {
  using codec = C;
};
template <>
struct DefaultCodec<std::string> : Named<Text> {};
template <>
struct DefaultCodec<std::optional<std::string>> : Named<Text> {};
template <>
struct DefaultCodec<bool> : Named<Flag> {};
template <>
struct DefaultCodec<std::optional<bool>> : Named<Flag> {};
template <>
struct DefaultCodec<std::int64_t> : Named<Integer> {};
template <>
struct DefaultCodec<std::uint32_t> : Named<Integer> {};
template <>
struct DefaultCodec<std::optional<std::int64_t>> : Named<Integer> {};
template <>
struct DefaultCodec<double> : Named<Number> {};
template <>
struct DefaultCodec<std::optional<double>> : Named<Number> {};
template <>
struct DefaultCodec<std::optional<model::Duration>> : Named<DurationText> {};
template <>
struct DefaultCodec<std::optional<model::FileMode>> : Named<OctalMode> {};
template <>
struct DefaultCodec<model::Strings> : Named<TextList> {};
template <>
struct DefaultCodec<model::Command> : Named<CommandLine> {};
template <>
struct DefaultCodec<model::StringMap> : Named<KeyValues> {};
template <>
struct DefaultCodec<model::Environment> : Named<Variables> {};
template <>
struct DefaultCodec<HostAddresses::Hosts> : Named<HostAddresses> {};
template <>
struct DefaultCodec<model::Ulimits> : Named<UlimitMap> {};
template <>
struct DefaultCodec<model::MountType> : Named<MountTypeWord> {};
template <>
struct DefaultCodec<model::DependencyCondition> : Named<ConditionWord> {};
template <class T>
struct DefaultCodec<std::optional<T>> : Named<Object<T>> {};
template <class T>
struct DefaultCodec<std::vector<T>> : Named<ObjectList<T>> {};
template <class T>
struct DefaultCodec<std::map<std::string, T>> : Named<ObjectMap<T>> {};

namespace detail {

template <class M>
struct MemberOf;
template <class C, class T>
struct MemberOf<T C::*> {
  using record = C;
  using type = T;
};

template <class T>
const Table* inner_table() {
  return &table_of<T>();
}
template <class C>
struct Inner {
  static constexpr const Table* (*table)() = nullptr;
  static constexpr std::string_view suffix = "";
};
template <class T>
struct Inner<Object<T>> {
  static constexpr const Table* (*table)() = inner_table<T>;
  static constexpr std::string_view suffix = "";
};
template <class T>
struct Inner<NullableObject<T>> : Inner<Object<T>> {};
template <>
struct Inner<WatchExec> : Inner<Object<model::Hook>> {};
template <class T>
struct Inner<ObjectList<T>> {
  static constexpr const Table* (*table)() = inner_table<T>;
  static constexpr std::string_view suffix = "[]";
};
template <class T>
struct Inner<ObjectMap<T>> {
  static constexpr const Table* (*table)() = inner_table<T>;
  static constexpr std::string_view suffix = ".*";
};
template <class T>
struct Inner<ObjectMap<std::optional<T>>> {
  static constexpr const Table* (*table)() = inner_table<T>;
  static constexpr std::string_view suffix = ".*";
};

}  // namespace detail

// row<&Service::image>("image"), row<&Service::mem_limit, ByteSize>("mem_limit")
template <auto Member,
          class Codec = typename DefaultCodec<typename detail::MemberOf<decltype(Member)>::type>::codec>
constexpr Row row(std::string_view key, Support support = Support::honoured, std::string_view note = {}) {
  using Record = typename detail::MemberOf<decltype(Member)>::record;
  return {
      .key = key,
      .kind = Codec::kind,
      .read = [](Reader& reader, const Node& node, const KeyPath& path,
                 void* record) { Codec::read(reader, node, path, static_cast<Record*>(record)->*Member); },
      .write =
          [](const Writer& writer, const void* record, model::Value& out) {
            return Codec::write(writer, static_cast<const Record*>(record)->*Member, out);
          },
      .inner = detail::Inner<Codec>::table,
      .inner_suffix = detail::Inner<Codec>::suffix,
      .nullable = requires {requires Codec::nullable;
}
, .support = support, .note = note
};  // namespace compose::loader
}

template <class T>
model::Extensions* extensions_of(void* record) {
  return &static_cast<T*>(record)->extensions;
}

// ---- bodies ----

void read_one_of(Reader& reader, const Node& node, const KeyPath& path,
                 std::span<const std::string_view> words, std::string& value);

template <const auto& Words>
void OneOf<Words>::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  read_one_of(reader, node, path, Words, value);
}

}  // namespace compose::loader
