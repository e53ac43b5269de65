#pragma once
// One network as its resolver sees it: the shared table with an index of our own over its names. The index
// follows the table's generation: only slots whose state changed are read again. An entry is believed only
// while the slot still has the state in which it was indexed. Sixteen bytes for each name, and none before
// the first query.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/dns/names_table.hpp"

namespace compose::net::dns {

class NamesView {
 public:
  NamesView(std::string network, bool internal, NamesTable table);
  [[nodiscard]] const std::string& network() const noexcept { return network_; }
  [[nodiscard]] bool internal() const noexcept { return internal_; }
  [[nodiscard]] bool declared(std::string_view name) const noexcept { return table_.declared(name); }

  void sweep() { table_.sweep(); }
  void refresh();  // cheap when nothing changed

  // f(const SlotContent&) for each published record that has this name (lower case).
  template <class F>
  void lookup(std::string_view name, F&& f) const {
    if (buckets_.empty()) return;
    const std::uint32_t hash = name_hash(name);
    SlotContent content;
    for (std::uint32_t i = buckets_[hash & (buckets_.size() - 1)]; i != k_none; i = entries_[i].next)
      if (entries_[i].hash == hash && read(entries_[i], name, content)) f(content);
  }
  // f(const SlotContent&) for each first slot of a record, until it returns true.
  template <class F>
  void scan(F&& f) const {
    SlotContent content;
    for (std::uint32_t slot = 0; slot < seen_.size(); ++slot)
      if ((seen_[slot] & 1U) != 0 && table_.read(slot, seen_[slot], content) && content.is_first() &&
          f(content))
        return;
  }

 private:
  static constexpr std::uint32_t k_none = 0xffffffffU;
  struct Entry {
    std::uint32_t hash;
    std::uint32_t slot;
    std::uint32_t state;
    std::uint32_t next;
  };
  bool read(const Entry& entry, std::string_view name, SlotContent& content) const;
  void index_slot(std::uint32_t slot, std::uint32_t state);
  void add_changes();
  void link(std::uint32_t entry);
  void rebuild_buckets();
  void forget_stale_entries();

  std::string network_;
  bool internal_;
  NamesTable table_;
  std::uint64_t generation_ = ~0ULL;
  std::vector<std::uint32_t> seen_;  // state of each slot when it was indexed
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> buckets_;  // a power of two
};

}  // namespace compose::net::dns
