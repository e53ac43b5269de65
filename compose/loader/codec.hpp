#pragma once
// How each type of the model is read from YAML and written back. A codec is a struct with
//   static void read(Reader&, const Node&, const KeyPath&, T&);
//   static bool write(const Writer&, const T&, model::Value&);   false: left out
//   static constexpr std::string_view kind;                      "a string"
// Most rows take the codec of their member's type (DefaultCodec); a row names another where the type says too
// little.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/loader/codec_lists.hpp"
#include "compose/loader/codec_objects.hpp"
#include "compose/loader/codec_scalars.hpp"
#include "compose/loader/record.hpp"
#include "compose/model/project.hpp"

namespace compose::loader {

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

template <class C>
constexpr bool nullable = false;
template <class C>
requires C::nullable constexpr bool nullable<C> = true;

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
      .nullable = detail::nullable<Codec>,
      .support = support,
      .note = note,
  };
}

template <class T>
model::Extensions* extensions_of(void* record) {
  return &static_cast<T*>(record)->extensions;
}

}  // namespace compose::loader
