#pragma once
// Records <-> JSON. Unknown keys are ignored and missing ones keep their default, so that state written by an
// older or newer version still reads. Damage is an Error with the path of the member: "labels.x: must be a
// string".
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/path.hpp"
#include "base/record.hpp"
#include "base/wire.hpp"

namespace compose::base {

using Json = nlohmann::ordered_json;

Json parse_json(std::string_view text,
                std::string_view what);  // Error: "read <what>: damaged JSON at byte 7"

template <class T>
[[nodiscard]] Json to_json(const T& value);
template <class T>
void from_json(const Json& json, T& value, const std::string& path);
template <class T>
[[nodiscard]] T parse_record(std::string_view text, std::string_view what);

// object[name] = value, unless it is empty or 0.
template <class T>
void put_if_any(Json& object, const char* name, const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    if (value != T{}) object[name] = value;
  } else {
    if (!value.empty()) object[name] = value;
  }
}

// ---- bodies ----

template <class T>
Json to_json(const T& value) {
  if constexpr (Record<T>) {
    Json object = Json::object();
    visit_fields(value, [&](std::string_view name, const auto& member) {
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(member)>>) {
        if (!member) return;
      }
      object[std::string{name}] = to_json(member);
    });
    return object;
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, HostPath> || std::is_same_v<T, ContainerPath> || detail::is_id<T>) {
    return value.str();
  } else if constexpr (detail::is_optional<T>) {
    return value ? to_json(*value) : Json{};
  } else if constexpr (detail::is_vector<T>) {
    Json array = Json::array();
    for (const auto& element : value) array.push_back(to_json(element));
    return array;
  } else if constexpr (detail::is_map<T>) {
    Json object = Json::object();
    for (const auto& [key, element] : value) object[key] = to_json(element);
    return object;
  } else if constexpr (detail::is_pair<T>) {
    return Json::array({to_json(value.first), to_json(value.second)});
  } else if constexpr (detail::is_variant<T>) {
    return Json::array({value.index(), std::visit([](const auto& a) { return to_json(a); }, value)});
  } else {
    static_assert(Record<T>, "this type has no JSON form");
  }
}

namespace detail {
[[noreturn]] void json_mismatch(const std::string& path, std::string_view wanted);
template <class T>
constexpr std::string_view json_kind() {
  if constexpr (std::is_same_v<T, bool>) return "a truth value";
  if constexpr (std::is_arithmetic_v<T>) return "a number";
  return "a string";
}
}  // namespace detail

template <class T>
void from_json(const Json& json, T& value, const std::string& path) {
  if constexpr (Record<T>) {
    if (!json.is_object()) detail::json_mismatch(path, "an object");
    visit_fields(value, [&](std::string_view name, auto& member) {
      const auto found = json.find(std::string{name});
      if (found != json.end())
        from_json(*found, member, path.empty() ? std::string{name} : path + "." + std::string{name});
    });
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    from_json(json, number, path);
    value = static_cast<T>(number);
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    const bool matches = std::is_same_v<T, bool>          ? json.is_boolean()
                         : std::is_same_v<T, std::string> ? json.is_string()
                                                          : json.is_number();
    if (!matches) detail::json_mismatch(path, detail::json_kind<T>());
    value = json.get<T>();
  } else if constexpr (std::is_same_v<T, HostPath> || std::is_same_v<T, ContainerPath> || detail::is_id<T>) {
    std::string s;
    from_json(json, s, path);
    value = T{std::move(s)};
  } else if constexpr (detail::is_optional<T>) {
    value.reset();
    if (!json.is_null()) from_json(json, value.emplace(), path);
  } else if constexpr (detail::is_vector<T>) {
    if (!json.is_array()) detail::json_mismatch(path, "an array");
    value.clear();
    for (std::size_t i = 0; i < json.size(); ++i)
      from_json(json[i], value.emplace_back(), text("{}[{}]", path, i));
  } else if constexpr (detail::is_map<T>) {
    if (!json.is_object()) detail::json_mismatch(path, "an object");
    value.clear();
    for (const auto& [key, element] : json.items()) from_json(element, value[key], path + "." + key);
  } else if constexpr (detail::is_pair<T>) {
    if (!json.is_array() || json.size() != 2) detail::json_mismatch(path, "a pair");
    from_json(json[0], value.first, path);
    from_json(json[1], value.second, path);
  } else if constexpr (detail::is_variant<T>) {
    if (!json.is_array() || json.size() != 2 || !json[0].is_number_unsigned() ||
        json[0].get<std::size_t>() >= std::variant_size_v<T>)
      detail::json_mismatch(path, "a known alternative");
    value = detail::default_alternative<T>(json[0].get<std::size_t>());
    std::visit([&](auto& alternative) { from_json(json[1], alternative, path); }, value);
  } else {
    static_assert(Record<T>, "this type has no JSON form");
  }
}

template <class T>
T parse_record(std::string_view text, std::string_view what) {
  T value{};
  const Json json = parse_json(text, what);
  with_context(base::text("read {}", what), [&] { from_json(json, value, ""); });
  return value;
}

}  // namespace compose::base
