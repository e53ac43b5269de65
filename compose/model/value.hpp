#pragma once
// A YAML/JSON value without positions: what `x-` extensions hold, and what the canonical model is rendered
// through. A plain value; the keys of a mapping keep their order.
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

  // All defined below: here a mapping's members are not complete yet.
  Value();
  Value(bool b);
  Value(int i);
  Value(std::int64_t i);
  Value(double d);
  Value(const char* s);
  Value(std::string s);
  Value(List list);
  Value(Mapping mapping);
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  [[nodiscard]] bool is_null() const noexcept { return data.index() == 0; }
  [[nodiscard]] const std::string* string() const noexcept { return std::get_if<std::string>(&data); }
  [[nodiscard]] const List* list() const noexcept { return std::get_if<List>(&data); }
  [[nodiscard]] const Mapping* mapping() const noexcept { return std::get_if<Mapping>(&data); }
  bool operator==(const Value&) const;
};

struct Member {
  std::string key;
  Value value;
  bool operator==(const Member& other) const { return key == other.key && value == other.value; }
};

inline Value::Value() = default;
inline Value::Value(bool b) : data(b) {}
inline Value::Value(int i) : data(std::int64_t{i}) {}
inline Value::Value(std::int64_t i) : data(i) {}
inline Value::Value(double d) : data(d) {}
inline Value::Value(const char* s) : data(std::string{s}) {}
inline Value::Value(std::string s) : data(std::move(s)) {}
inline Value::Value(const Value& other) = default;
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(const Value& other) = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;
inline Value::Value(List list) : data(std::move(list)) {}
inline Value::Value(Mapping mapping) : data(std::move(mapping)) {}
inline bool Value::operator==(const Value& other) const {
  return data == other.data;
}

// The `x-` keys of one object.
using Extensions = std::vector<Member>;

}  // namespace compose::model
