#pragma once
// A YAML/JSON value without positions: what `x-` extensions hold, and what the canonical model is rendered through. A
// plain value; the keys of a mapping keep their order.
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace compose::model {

struct Member;

struct Value {
  using List = std::vector<Value>;
  using Mapping = std::vector<Member>;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Mapping> data;

  Value() = default;
  Value(bool b) : data(b) {}
  Value(int i) : data(std::int64_t{i}) {}
  Value(std::int64_t i) : data(i) {}
  Value(double d) : data(d) {}
  Value(const char* s) : data(std::string{s}) {}
  Value(std::string s) : data(std::move(s)) {}
  Value(List list);
  Value(Mapping mapping);

  [[nodiscard]] bool is_null() const noexcept { return data.index() == 0; }
  [[nodiscard]] const std::string* string() const noexcept { return std::get_if<std::string>(&data); }
  [[nodiscard]] const List* list() const noexcept { return std::get_if<List>(&data); }
  [[nodiscard]] const Mapping* mapping() const noexcept { return std::get_if<Mapping>(&data); }
  bool operator==(const Value&) const;
};

struct Member {
  std::string key;
  Value value;
  bool operator==(const Member&) const = default;
};

inline Value::Value(List list) : data(std::move(list)) {}
inline Value::Value(Mapping mapping) : data(std::move(mapping)) {}
inline bool Value::operator==(const Value&) const = default;

// The `x-` keys of one object.
using Extensions = std::vector<Member>;

}  // namespace compose::model
