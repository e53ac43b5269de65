#pragma once
// Who is told how a pull or push gets on.
#include <cstdint>
#include <string>

namespace compose::images {

enum class TransferState : std::uint8_t {
  waiting,
  downloading,
  unpacking,
  exists,
  pulled,
  packing,
  uploading,
  mounted,
  pushed
};

struct TransferStep {
  std::string image;  // the reference, as it was asked for
  std::string layer;  // 12 digits: of the blob's digest (pull) or the diff id (push)
  TransferState state = TransferState::waiting;
  std::uint64_t done = 0;  // bytes
  std::uint64_t total = 0;
};

class TransferProgress {
 public:
  virtual ~TransferProgress() = default;
  virtual void layer(const TransferStep& step) = 0;
  virtual void warning(const std::string&) {}  // something went wrong and there is a way around it
  virtual void tick() {}                       // several times a second
};

class SilentTransfer final : public TransferProgress {
 public:
  void layer(const TransferStep&) override {}
};

}  // namespace compose::images
