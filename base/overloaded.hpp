#pragma once
// std::visit(overloaded{[](const A&) {...}, [](const B&) {...}}, variant)
namespace compose::base {
template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;
}  // namespace compose::base
