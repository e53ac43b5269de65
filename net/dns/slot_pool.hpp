#pragma once
// Things with a short life that epoll events refer to. A handle is an index and a generation, so that an
// event that was queued for a thing that is gone finds nothing instead of its successor.
#include <cstdint>
#include <memory>
#include <vector>

namespace compose::net::dns {

struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // 24 bits
};

template <class T>
class SlotPool {
 public:
  Handle add(std::unique_ptr<T> thing) {
    std::uint32_t index = 0;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    slots_[index].thing = std::move(thing);
    ++count_;
    return {index, slots_[index].generation};
  }
  [[nodiscard]] T* find(Handle handle) const noexcept {
    if (handle.index >= slots_.size() || slots_[handle.index].generation != handle.generation) return nullptr;
    return slots_[handle.index].thing.get();
  }
  void remove(Handle handle) {
    if (!find(handle)) return;
    auto& slot = slots_[handle.index];
    slot.thing.reset();
    slot.generation = (slot.generation + 1) & 0xffffffU;
    free_.push_back(handle.index);
    --count_;
  }
  // f(Handle, T&); f may remove what it is given.
  template <class F>
  void each(F&& f) {
    for (std::uint32_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].thing) f(Handle{i, slots_[i].generation}, *slots_[i].thing);
  }
  template <class F>
  void each(F&& f) const {
    for (std::uint32_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].thing) f(Handle{i, slots_[i].generation}, static_cast<const T&>(*slots_[i].thing));
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  struct Slot {
    std::unique_ptr<T> thing;
    std::uint32_t generation = 0;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t count_ = 0;
};

// What an event of the resolver's epoll descriptor is about; packed into epoll_data.u64.
enum class EventKind : std::uint8_t { udp, listener, timer, connection, pending };

inline std::uint64_t pack_event(EventKind kind, Handle handle = {}) noexcept {
  return (static_cast<std::uint64_t>(kind) << 56U) | (static_cast<std::uint64_t>(handle.generation) << 32U) |
         handle.index;
}
inline EventKind event_kind(std::uint64_t packed) noexcept {
  return static_cast<EventKind>(packed >> 56U);
}
inline Handle event_handle(std::uint64_t packed) noexcept {
  return {static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>((packed >> 32U) & 0xffffffU)};
}

}  // namespace compose::net::dns
