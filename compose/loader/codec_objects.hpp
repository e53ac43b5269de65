#pragma once
// Codecs (see codec.hpp) of objects, each read by the table of its type, and of lists and maps of them.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/loader/record.hpp"
#include "compose/model/project.hpp"

namespace compose::loader {

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

}  // namespace compose::loader
