#pragma once
// Where bytes go: a descriptor, a digest, or both.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace compose::images {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(std::string_view bytes) = 0;
};

// Writes to a descriptor it does not own.
class FdSink final : public ByteSink {
 public:
  explicit FdSink(int fd) noexcept : fd_(fd) {}
  void write(std::string_view bytes) override;

 private:
  int fd_;
};

// Digests and counts what passes; hands it on when there is somewhere to.
class DigestSink final : public ByteSink {
 public:
  explicit DigestSink(ByteSink* next = nullptr) noexcept : next_(next) {}
  void write(std::string_view bytes) override;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::string digest() { return "sha256:" + sha_.finish(); }  // once

 private:
  base::Sha256 sha_;
  std::uint64_t size_ = 0;
  ByteSink* next_;
};

}  // namespace compose::images
