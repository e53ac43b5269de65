#pragma once
// SHA-256, streaming and whole. Digests are printed as 64 lowercase hex digits; the "sha256:" prefix is the
// caller's.
#include <memory>
#include <string>
#include <string_view>

namespace compose::base {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  [[nodiscard]] std::string finish();  // hex; the object is spent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace compose::base
