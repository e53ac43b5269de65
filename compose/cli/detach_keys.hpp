#pragma once
// The keys that leave a container running and its terminal: "ctrl-p,ctrl-q". Pure.
#include <string>
#include <string_view>

namespace compose::cli {

class DetachKeys {
 public:
  static constexpr std::string_view k_default = "ctrl-p,ctrl-q";
  // Keys with commas between them, each a character or ctrl- and a letter or one of @[\]^_. Error for others.
  explicit DetachKeys(std::string_view keys);

  // What of it goes on to the container. What may be the beginning of the keys is held back until it is
  // clear.
  std::string pass(std::string_view typed);
  [[nodiscard]] bool complete() const noexcept { return held_ == keys_; }

 private:
  std::string keys_;
  std::string held_;
};

}  // namespace compose::cli
