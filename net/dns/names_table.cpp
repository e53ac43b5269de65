#include "net/dns/names_table.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/id.hpp"
#include "base/sys.hpp"

namespace compose::net::dns {

namespace sys = base::sys;
using base::HostPath;
using base::UniqueFd;

namespace {

constexpr std::uint64_t k_magic = 0x31656d616e706d63ULL;  // "cmpname1"
constexpr std::uint32_t k_known_names = 16384;
constexpr std::uint32_t k_probes = 64;        // for a place among the known names
constexpr std::uint32_t k_locks_probed = 16;  // in one sweep

// The fixed part at the start of a slot.
struct SlotHead {
  std::uint32_t publisher;
  std::uint16_t names_size;
  std::uint8_t flags;
  std::uint8_t unused;
  Ipv4 ipv4;
  Ipv6 ipv6;
  std::uint32_t unused_too;
};
static_assert(sizeof(SlotHead) == 32);
constexpr std::uint8_t k_has_ipv4 = 1;
constexpr std::uint8_t k_has_ipv6 = 2;
constexpr std::uint8_t k_is_first = 4;
constexpr std::size_t k_names_room = SlotContent::k_size - sizeof(SlotHead);

struct Slot {
  std::uint64_t words[SlotContent::k_size / 8];
};

struct Layout {
  std::uint64_t magic;
  std::atomic<std::uint64_t> generation;
  std::atomic<std::uint32_t> used;
  std::atomic<std::uint32_t> free_hint;  // no free slot below it, most likely
  char unused[4096 - 24];
  std::atomic<std::uint32_t> states[NamesTable::k_capacity];
  std::atomic<std::uint64_t> known[k_known_names];
  Slot slots[NamesTable::k_capacity];
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);

SlotHead head_of(const SlotContent& content) noexcept {
  SlotHead head;
  std::memcpy(&head, content.bytes.data(), sizeof head);
  return head;
}

char lower_letter(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string result{name};
  std::ranges::transform(result, result.begin(), lower_letter);
  return result;
}

// Of the name without its trailing dot, in lower case; never 0, which marks an empty place.
std::uint64_t known_hash(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(lower_letter(c))) * 1099511628211ULL;
  return hash | 1U;
}

struct flock slot_lock(std::uint32_t slot, short type) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(slot);
  lock.l_len = 1;
  return lock;
}

}  // namespace

struct NamesMapping {
  UniqueFd fd;
  Layout* layout = nullptr;

  NamesMapping(UniqueFd file, const HostPath& path) : fd(std::move(file)) {
    void* memory = ::mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED) base::check(-1, "map names table '{}'", path.str());
    layout = static_cast<Layout*>(memory);
    // A few pages far apart are touched: reading ahead would fill the cache with empty ones.
    ::madvise(memory, sizeof(Layout), MADV_RANDOM);
  }
  ~NamesMapping() { ::munmap(layout, sizeof(Layout)); }
  NamesMapping(const NamesMapping&) = delete;
  NamesMapping& operator=(const NamesMapping&) = delete;

  bool try_lock(std::uint32_t slot) noexcept {
    auto lock = slot_lock(slot, F_WRLCK);
    return ::fcntl(fd.get(), F_OFD_SETLK, &lock) == 0;
  }
  void unlock(std::uint32_t slot) noexcept {
    auto lock = slot_lock(slot, F_UNLCK);
    ::fcntl(fd.get(), F_OFD_SETLK, &lock);
  }
  void announce() noexcept { layout->generation.fetch_add(1, std::memory_order_release); }

  // The caller holds the slot's lock.
  void clear(std::uint32_t slot) noexcept {
    auto& state = layout->states[slot];
    const auto now = state.load(std::memory_order_relaxed);
    if ((now & 1U) != 0) state.store(now + 1, std::memory_order_release);
    auto hint = layout->free_hint.load(std::memory_order_relaxed);
    while (slot < hint && !layout->free_hint.compare_exchange_weak(hint, slot, std::memory_order_relaxed)) {
    }
  }

  void fill(std::uint32_t slot, const SlotContent& content) noexcept {
    auto& state = layout->states[slot];
    clear(slot);
    const auto even = state.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::uint64_t words[SlotContent::k_size / 8];
    std::memcpy(words, content.bytes.data(), sizeof words);
    for (std::size_t i = 0; i < std::size(words); ++i)
      std::atomic_ref{layout->slots[slot].words[i]}.store(words[i], std::memory_order_relaxed);
    state.store(even + 1, std::memory_order_release);
    auto used = layout->used.load(std::memory_order_relaxed);
    while (used <= slot && !layout->used.compare_exchange_weak(used, slot + 1, std::memory_order_release)) {
    }
    layout->free_hint.store(slot + 1, std::memory_order_relaxed);
  }

  void learn(std::uint64_t hash) noexcept {
    for (std::uint32_t i = 0; i < k_probes; ++i) {
      auto& place = layout->known[(hash + i) % k_known_names];
      std::uint64_t empty = 0;
      if (place.load(std::memory_order_relaxed) == hash) return;
      if (place.compare_exchange_strong(empty, hash, std::memory_order_relaxed) || empty == hash) return;
    }
  }
};

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 address;
  if (::inet_pton(AF_INET, std::string{text}.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

std::optional<Ipv6> parse_ipv6(std::string_view text) {
  Ipv6 address;
  if (::inet_pton(AF_INET6, std::string{text}.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

std::uint32_t name_hash(std::string_view name) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return hash;
}

std::uint32_t SlotContent::publisher() const noexcept {
  return head_of(*this).publisher;
}
bool SlotContent::is_first() const noexcept {
  return (head_of(*this).flags & k_is_first) != 0;
}

std::optional<Ipv4> SlotContent::ipv4() const noexcept {
  const auto head = head_of(*this);
  if ((head.flags & k_has_ipv4) == 0) return std::nullopt;
  return head.ipv4;
}

std::optional<Ipv6> SlotContent::ipv6() const noexcept {
  const auto head = head_of(*this);
  if ((head.flags & k_has_ipv6) == 0) return std::nullopt;
  return head.ipv6;
}

std::optional<SlotContent::Name> SlotContent::next_name(std::size_t& cursor) const noexcept {
  const std::size_t end = std::min<std::size_t>(head_of(*this).names_size, k_names_room);
  if (cursor + 2 > end) return std::nullopt;
  const char* at = bytes.data() + sizeof(SlotHead) + cursor;
  const auto size = static_cast<std::size_t>(static_cast<std::uint8_t>(at[1]));
  if (cursor + 2 + size > end) return std::nullopt;
  cursor += 2 + size;
  return Name{at[0] == 0 ? NameKind::group : NameKind::own, {at + 2, size}};
}

PublishedName& PublishedName::operator=(PublishedName&& other) noexcept {
  if (this != &other) {
    withdraw();
    mapping_ = std::move(other.mapping_);
    slots_ = std::move(other.slots_);
  }
  return *this;
}

void PublishedName::withdraw() noexcept {
  if (!mapping_) return;
  for (const auto slot : slots_) {
    mapping_->clear(slot);
    mapping_->unlock(slot);
  }
  if (!slots_.empty()) mapping_->announce();
  slots_.clear();
  mapping_.reset();
}

void NamesTable::create(const HostPath& path) {
  if (sys::exists(path)) return;
  const HostPath aside{path.str() + "." + base::random_hex(4)};
  const UniqueFd fd = sys::open(aside, O_RDWR | O_CREAT | O_EXCL, 0600);
  base::check(::ftruncate(fd.get(), static_cast<off_t>(sizeof(Layout))), "size names table '{}'",
              aside.str());
  sys::write_all(fd.get(), {reinterpret_cast<const char*>(&k_magic), sizeof k_magic});
  // A hard link instead of a rename: whoever was first stays.
  const bool first = ::link(aside.c_str(), path.c_str()) == 0;
  const int code = errno;
  sys::remove_file_if_present(aside);
  if (!first && code != EEXIST) throw base::SysError(code, base::text("create names table '{}'", path.str()));
}

NamesTable NamesTable::open(const HostPath& path) {
  UniqueFd fd = sys::open(path, O_RDWR);
  struct stat status {};
  base::check(::fstat(fd.get(), &status), "look at names table '{}'", path.str());
  std::uint64_t magic = 0;
  const auto got = ::pread(fd.get(), &magic, sizeof magic, 0);
  if (static_cast<std::size_t>(status.st_size) != sizeof(Layout) || got != sizeof magic || magic != k_magic)
    base::fail("names table '{}' is damaged", path.str());
  return NamesTable{std::make_shared<NamesMapping>(std::move(fd), path)};
}

std::uint32_t NamesTable::take_slot() {
  auto& layout = *mapping_->layout;
  const std::uint32_t start = std::min(layout.free_hint.load(std::memory_order_relaxed), k_capacity - 1);
  for (std::uint32_t i = 0; i < k_capacity; ++i) {
    const std::uint32_t slot = (start + i) % k_capacity;
    if ((layout.states[slot].load(std::memory_order_relaxed) & 1U) != 0) continue;
    if (mapping_->try_lock(slot)) return slot;
  }
  base::fail("names table is full: {} names are published", k_capacity);
}

namespace {

// Cuts the names of a record into slots; the container's own names come first.
std::vector<SlotContent> to_slots(const NameRecord& record) {
  std::vector<SlotContent> slots;
  SlotHead head{};
  head.publisher = static_cast<std::uint32_t>(::getpid());
  if (record.ipv4) head.ipv4 = *record.ipv4;
  if (record.ipv6) head.ipv6 = *record.ipv6;
  const auto addresses =
      static_cast<std::uint8_t>((record.ipv4 ? k_has_ipv4 : 0) | (record.ipv6 ? k_has_ipv6 : 0));
  std::size_t at = k_names_room;
  std::set<std::string> seen;
  const auto add = [&](NameKind kind, const std::string& text) {
    const std::string name = lower_name(text);
    if (name.empty() || name.size() > 253) return;  // cannot be asked for
    if (!seen.insert(name).second) return;          // a name that is both counts once
    if (at + 2 + name.size() > k_names_room) {
      slots.emplace_back();
      at = 0;
    }
    char* to = slots.back().bytes.data() + sizeof head + at;
    to[0] = static_cast<char>(kind);
    to[1] = static_cast<char>(name.size());
    std::memcpy(to + 2, name.data(), name.size());
    at += 2 + name.size();
    head.names_size = static_cast<std::uint16_t>(at);
    head.flags = static_cast<std::uint8_t>(addresses | (slots.size() == 1 ? k_is_first : 0));
    std::memcpy(slots.back().bytes.data(), &head, sizeof head);
  };
  for (const auto& name : record.own_names) add(NameKind::own, name);
  for (const auto& name : record.group_names) add(NameKind::group, name);
  return slots;
}

}  // namespace

PublishedName NamesTable::publish(const NameRecord& record) {
  declare(record.own_names);
  declare(record.group_names);
  PublishedName published;
  published.mapping_ = mapping_;
  for (const auto& content : to_slots(record)) {
    const std::uint32_t slot = take_slot();
    base::fault_point("net.names.locked");
    mapping_->fill(slot, content);
    published.slots_.push_back(slot);
  }
  mapping_->announce();
  base::fault_point("net.names.published");
  return published;
}

void NamesTable::declare(std::span<const std::string> names) {
  for (const auto& name : names)
    if (!name.empty()) mapping_->learn(known_hash(name));
}

bool NamesTable::declared(std::string_view name) const noexcept {
  const auto hash = known_hash(name);
  for (std::uint32_t i = 0; i < k_probes; ++i) {
    const auto place = mapping_->layout->known[(hash + i) % k_known_names].load(std::memory_order_relaxed);
    if (place == hash) return true;
    if (place == 0) return false;
  }
  return false;
}

std::uint64_t NamesTable::generation() const noexcept {
  return mapping_->layout->generation.load(std::memory_order_acquire);
}

std::uint32_t NamesTable::used() const noexcept {
  return std::min(mapping_->layout->used.load(std::memory_order_acquire), k_capacity);
}

std::uint32_t NamesTable::state(std::uint32_t slot) const noexcept {
  return mapping_->layout->states[slot].load(std::memory_order_acquire);
}

bool NamesTable::read(std::uint32_t slot, std::uint32_t expected, SlotContent& into) const noexcept {
  auto& source = mapping_->layout->slots[slot];
  const auto& state_now = mapping_->layout->states[slot];
  if (state_now.load(std::memory_order_acquire) != expected) return false;
  const auto copy = [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      const std::uint64_t word = std::atomic_ref{source.words[i]}.load(std::memory_order_relaxed);
      std::memcpy(into.bytes.data() + 8 * i, &word, sizeof word);
    }
  };
  constexpr std::size_t head_words = sizeof(SlotHead) / 8;
  copy(0, head_words);
  const std::size_t names = std::min<std::size_t>(head_of(into).names_size, k_names_room);
  copy(head_words, head_words + (names + 7) / 8);
  std::atomic_thread_fence(std::memory_order_acquire);
  return state_now.load(std::memory_order_relaxed) == expected;
}

// A publisher is taken for alive while a process has its number; a few locks are probed in turn as well, so
// that a number that was given to another process does not keep a dead name for long.
void NamesTable::sweep() {
  const auto own = static_cast<std::uint32_t>(::getpid());
  const std::uint32_t end = used();
  bool freed = false;
  std::uint32_t probed = 0;
  SlotContent content;
  if (probe_from_ >= end) probe_from_ = 0;
  for (std::uint32_t slot = 0; slot < end; ++slot) {
    const auto now = state(slot);
    if ((now & 1U) == 0 || !read(slot, now, content)) continue;
    const auto publisher = content.publisher();
    if (publisher == own) continue;
    bool suspect = publisher == 0 || (::kill(static_cast<pid_t>(publisher), 0) != 0 && errno == ESRCH);
    if (!suspect && slot >= probe_from_ && probed < k_locks_probed) {
      suspect = true;
      probe_from_ = slot + 1;
      ++probed;
    }
    if (!suspect || !mapping_->try_lock(slot)) continue;
    if (state(slot) == now) {
      mapping_->clear(slot);
      freed = true;
    }
    mapping_->unlock(slot);
  }
  if (probed < k_locks_probed) probe_from_ = 0;
  if (freed) mapping_->announce();
}

std::vector<NameRecord> list_records(const NamesTable& table) {
  std::vector<NameRecord> records;
  SlotContent content;
  for (std::uint32_t slot = 0; slot < table.used(); ++slot) {
    const auto state = table.state(slot);
    if ((state & 1U) == 0 || !table.read(slot, state, content)) continue;
    NameRecord record{.ipv4 = content.ipv4(), .ipv6 = content.ipv6()};
    std::size_t cursor = 0;
    while (const auto name = content.next_name(cursor))
      (name->kind == NameKind::group ? record.group_names : record.own_names).emplace_back(name->text);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace compose::net::dns
