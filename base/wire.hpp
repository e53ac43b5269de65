#pragma once
// The wire form of records: little endian, every length a u32 that is checked against what is left, so that
// damaged input is an Error and never a crash or a large allocation. One serializer for everything that
// crosses between our processes.
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "base/path.hpp"
#include "base/record.hpp"

namespace compose::base {

class WireWriter {
 public:
  void raw(const void* bytes, std::size_t size) { out_.append(static_cast<const char*>(bytes), size); }
  void size(std::size_t n);  // Error above u32
  [[nodiscard]] std::string take() { return std::move(out_); }

  template <class T>
  void put(const T& value);

 private:
  std::string out_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  void raw(void* into, std::size_t size);
  std::size_t size(std::size_t least_bytes_each);  // a count; Error when so many cannot be left
  std::string_view bytes(std::size_t n);
  void expect_end() const;

  template <class T>
  void get(T& value);

 private:
  std::string_view rest_;
};

template <class T>
[[nodiscard]] std::string to_wire(const T& value) {
  WireWriter w;
  w.put(value);
  return w.take();
}

template <class T>
[[nodiscard]] T from_wire(std::string_view bytes) {
  WireReader r{bytes};
  T value{};
  r.get(value);
  r.expect_end();
  return value;
}

// ---- bodies ----

namespace detail {
template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<Id<Tag>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class K, class V>
inline constexpr bool is_map<std::map<K, V>> = true;
template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;
template <class T>
inline constexpr bool is_variant = false;
template <class... A>
inline constexpr bool is_variant<std::variant<A...>> = true;

template <class Variant, std::size_t I = 0>
Variant default_alternative(std::size_t index) {
  if constexpr (I < std::variant_size_v<Variant>) {
    if (index == I) return Variant{std::in_place_index<I>};
    return default_alternative<Variant, I + 1>(index);
  } else {
    return Variant{};
  }
}
[[noreturn]] void wire_damaged(std::string_view why);
}  // namespace detail

template <class T>
void WireWriter::put(const T& value) {
  if constexpr (Record<T>) {
    visit_fields(value, [this](std::string_view, const auto& member) { put(member); });
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    raw(&value, sizeof value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    size(value.size());
    raw(value.data(), value.size());
  } else if constexpr (std::is_same_v<T, HostPath> || std::is_same_v<T, ContainerPath> || detail::is_id<T>) {
    put(value.str());
  } else if constexpr (detail::is_optional<T>) {
    put(value.has_value());
    if (value) put(*value);
  } else if constexpr (detail::is_vector<T> || detail::is_map<T>) {
    size(value.size());
    for (const auto& element : value) put(element);
  } else if constexpr (detail::is_pair<T>) {
    put(value.first);
    put(value.second);
  } else if constexpr (detail::is_variant<T>) {
    put(static_cast<std::uint8_t>(value.index()));
    std::visit([this](const auto& alternative) { put(alternative); }, value);
  } else {
    static_assert(Record<T>, "this type has no wire form");
  }
}

template <class T>
void WireReader::get(T& value) {
  if constexpr (Record<T>) {
    visit_fields(value, [this](std::string_view, auto& member) { get(member); });
  } else if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t byte = 0;
    raw(&byte, 1);
    if (byte > 1) detail::wire_damaged("a truth value is neither 0 nor 1");
    value = byte == 1;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    raw(&value, sizeof value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = bytes(size(1));
  } else if constexpr (std::is_same_v<T, HostPath> || std::is_same_v<T, ContainerPath> || detail::is_id<T>) {
    std::string s;
    get(s);
    value = T{std::move(s)};
  } else if constexpr (detail::is_optional<T>) {
    bool present = false;
    get(present);
    value.reset();
    if (present) get(value.emplace());
  } else if constexpr (detail::is_vector<T>) {
    const auto n = size(1);
    value.clear();
    for (std::size_t i = 0; i < n; ++i) get(value.emplace_back());
  } else if constexpr (detail::is_map<T>) {
    const auto n = size(1);
    value.clear();
    for (std::size_t i = 0; i < n; ++i) {
      std::pair<typename T::key_type, typename T::mapped_type> entry;
      get(entry);
      value.insert(std::move(entry));
    }
  } else if constexpr (detail::is_pair<T>) {
    get(value.first);
    get(value.second);
  } else if constexpr (detail::is_variant<T>) {
    std::uint8_t index = 0;
    raw(&index, 1);
    if (index >= std::variant_size_v<T>) detail::wire_damaged("an unknown alternative");
    value = detail::default_alternative<T>(index);
    std::visit([this](auto& alternative) { get(alternative); }, value);
  } else {
    static_assert(Record<T>, "this type has no wire form");
  }
}

}  // namespace compose::base
