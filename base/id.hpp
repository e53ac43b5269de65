#pragma once
// Strong identifiers: Id<Tag> wraps a string so that a container id is never taken for a network id.
#include <compare>
#include <functional>
#include <string>

namespace compose::base {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& str() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  [[nodiscard]] std::string short_form() const { return value_.substr(0, 12); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string value_;
};

// `bytes` random bytes from the kernel as lowercase hex.
std::string random_hex(std::size_t bytes);

}  // namespace compose::base

template <class Tag>
struct std::hash<compose::base::Id<Tag>> {
  std::size_t operator()(const compose::base::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
