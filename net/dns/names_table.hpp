#pragma once
// The names of one network, in shared memory: <run root>/networks/<id>/names. The CLI creates the file; each
// shim maps it, publishes its container's record and reads everybody's. Publishing and withdrawing are a few
// stores that all shims see at once; no messages, no wake-ups.
//
// Theory of operation. The file is sparse: a header, one 32-bit state per slot, a set of hashes of every name
// ever declared, and k_capacity slots of 512 bytes. A slot's state is a version whose lowest bit says
// "published"; a writer makes it even, writes the payload, makes it odd, then increases the header's
// generation. A reader copies the payload between two reads of the state and drops it when they differ. A
// record with more names than fit one slot takes several, each complete in itself. The publisher holds an OFD
// lock (fcntl(2)) on one byte for each of its slots: when its process dies in any way the kernel drops the
// lock, and the next sweep() frees the slot.
//
// Errors: base::Error for a damaged file or a full table, SysError for the kernel. Used by single-threaded
// processes.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::net::dns {

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

// What one container is known as on one network. Names are text, compared without regard to case.
struct NameRecord {
  std::vector<std::string> group_names;  // service and aliases: answered with every replica that has them
  std::vector<std::string> own_names;    // container name first: PTR answers with it
  std::optional<Ipv4> ipv4;
  std::optional<Ipv6> ipv6;
};

std::optional<Ipv4> parse_ipv4(std::string_view text);
std::optional<Ipv6> parse_ipv6(std::string_view text);

enum class NameKind : std::uint8_t { group = 0, own = 1 };

// A consistent copy of one slot. Total: damaged content reads as fewer names.
struct SlotContent {
  static constexpr std::size_t k_size = 512;
  alignas(8) std::array<char, k_size> bytes{};

  [[nodiscard]] std::uint32_t publisher() const noexcept;  // pid
  [[nodiscard]] bool is_first() const noexcept;  // of its record: its first own name is the container's name
  [[nodiscard]] std::optional<Ipv4> ipv4() const noexcept;
  [[nodiscard]] std::optional<Ipv6> ipv6() const noexcept;
  // The name at `cursor` (0 at first), in lower case, and moves the cursor on; nullopt behind the last.
  struct Name {
    NameKind kind;
    std::string_view text;
  };
  [[nodiscard]] std::optional<Name> next_name(std::size_t& cursor) const noexcept;
};

struct NamesMapping;
class NamesTable;

// A published record; withdrawn when this is destroyed.
class PublishedName {
 public:
  PublishedName() noexcept = default;
  PublishedName(PublishedName&&) noexcept = default;
  PublishedName& operator=(PublishedName&& other) noexcept;
  ~PublishedName() { withdraw(); }
  void withdraw() noexcept;

 private:
  friend class NamesTable;
  std::shared_ptr<NamesMapping> mapping_;
  std::vector<std::uint32_t> slots_;
};

class NamesTable {
 public:
  static constexpr std::uint32_t k_capacity = 65536;

  // Makes an empty table where there is none (written aside and renamed, so that nobody sees half of it).
  static void create(const base::HostPath& path);
  static NamesTable open(const base::HostPath& path);

  [[nodiscard]] PublishedName publish(const NameRecord& record);
  // Remembers names that belong to the project even while nobody answers to them: they are never forwarded.
  void declare(std::span<const std::string> names);
  // Was this name (text, any case) ever published or declared here?
  [[nodiscard]] bool declared(std::string_view name) const noexcept;

  [[nodiscard]] std::uint64_t generation() const noexcept;  // changes with every publication and withdrawal
  // Frees the slots of dead publishers. Cheap: a kill(pid, 0) for each live slot and a few lock probes.
  void sweep();

  // Slots from this one on have never been used.
  [[nodiscard]] std::uint32_t used() const noexcept;
  [[nodiscard]] std::uint32_t state(
      std::uint32_t slot) const noexcept;  // odd: published; changes with its content
  // Copies the slot; false when its state is not `expected` or changed meanwhile.
  bool read(std::uint32_t slot, std::uint32_t expected, SlotContent& into) const noexcept;

 private:
  explicit NamesTable(std::shared_ptr<NamesMapping> mapping) noexcept : mapping_(std::move(mapping)) {}
  std::uint32_t take_slot();
  std::shared_ptr<NamesMapping> mapping_;
  std::uint32_t probe_from_ = 0;
};

// What is published now, in no particular order. For diagnostics and tests.
std::vector<NameRecord> list_records(const NamesTable& table);

std::uint32_t name_hash(std::string_view lower_case_name) noexcept;

}  // namespace compose::net::dns
