#include "net/dns/names_view.hpp"

#include <algorithm>
#include <bit>

#include "base/text.hpp"

namespace compose::net::dns {

NamesView::NamesView(std::string network, bool internal, NamesTable table)
    : network_(base::lower_case(network)), internal_(internal), table_(std::move(table)) {}

void NamesView::refresh() {
  const auto generation = table_.generation();
  if (generation == generation_) return;
  generation_ = generation;
  add_changes();
}

void NamesView::add_changes() {
  const std::uint32_t used = table_.used();
  if (seen_.size() < used) seen_.resize(used, 0);
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    const std::uint32_t state = table_.state(slot);
    if (state == seen_[slot]) continue;
    seen_[slot] = state;
    if ((state & 1U) != 0) index_slot(slot, state);
  }
  if (entries_.size() > 64 && entries_.size() > 4 * used) forget_stale_entries();
}

void NamesView::index_slot(std::uint32_t slot, std::uint32_t state) {
  SlotContent content;
  if (!table_.read(slot, state, content)) {
    seen_[slot] = 0;  // changing this moment; its generation is still to come
    return;
  }
  std::size_t cursor = 0;
  while (const auto name = content.next_name(cursor)) {
    entries_.push_back({name_hash(name->text), slot, state, k_none});
    if (entries_.size() > buckets_.size())
      rebuild_buckets();
    else
      link(static_cast<std::uint32_t>(entries_.size() - 1));
  }
}

void NamesView::link(std::uint32_t entry) {
  auto& head = buckets_[entries_[entry].hash & (buckets_.size() - 1)];
  entries_[entry].next = head;
  head = entry;
}

void NamesView::rebuild_buckets() {
  buckets_.assign(std::bit_ceil(std::max<std::size_t>(16, 2 * entries_.size())), k_none);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) link(i);
}

void NamesView::forget_stale_entries() {
  std::erase_if(entries_, [&](const Entry& e) { return table_.state(e.slot) != e.state; });
  rebuild_buckets();
}

bool NamesView::read(const Entry& entry, std::string_view name, SlotContent& content) const {
  if (!table_.read(entry.slot, entry.state, content)) return false;
  std::size_t cursor = 0;
  while (const auto each = content.next_name(cursor))
    if (each->text == name) return true;
  return false;
}

}  // namespace compose::net::dns
