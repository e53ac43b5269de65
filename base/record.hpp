#pragma once
// Records: plain structs that say their fields once and get JSON (json.hpp) and the wire form (wire.hpp) from
// it.
//
//   struct Tmpfs { ContainerPath target; std::uint64_t size = 0;
//     static constexpr auto fields() { return std::tuple{field("target", &Tmpfs::target), field("size",
//     &Tmpfs::size)}; } };
//
// Field types: bool, integers, double, enums (as integers), std::string, HostPath, ContainerPath, Id<>,
// std::optional, std::vector, std::map<string, T>, std::pair, std::variant (index + value) and other records.
#include <string_view>
#include <tuple>
#include <type_traits>

namespace compose::base {

template <class T, class M>
struct Field {
  std::string_view name;
  M T::*member;
};

template <class T, class M>
constexpr Field<T, M> field(std::string_view name, M T::*member) {
  return {name, member};
}

template <class T>
concept Record = requires {
  T::fields();
};

// visit_fields(record, [](std::string_view name, auto& value) {...})
template <class T, class F>
requires Record<std::remove_const_t<T>>
void visit_fields(T& record, F&& f) {
  std::apply([&](const auto&... each) { (f(each.name, record.*(each.member)), ...); },
             std::remove_const_t<T>::fields());
}

}  // namespace compose::base
