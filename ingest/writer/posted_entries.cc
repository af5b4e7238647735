#include "ingest/writer/posted_entries.h"

namespace ingest {
namespace {

/// The entry of a group at this position; null when it has none there.
const ledger::Entry* find(ledger::Position group, std::span<const ledger::Entry> entries,
                          ledger::Position position) {
  if (position <= group) return nullptr;
  const std::uint64_t index = position.value() - group.value() - 1;
  return index < entries.size() ? &entries[index] : nullptr;
}

}  // namespace

void PostedEntries::end() {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({building_->position, building_->entries});
  building_ = nullptr;
}

void PostedEntries::remove(const ledger::CommitGroup& group) {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiting_, [&](const Group& waiting) { return waiting.position == group.position; });
}

/// What is taken away meanwhile is in the journal by then, so the journal is asked last.
ledger::Result<ledger::Entry> PostedEntries::entry_at(ledger::Position position) const {
  if (building_ != nullptr) {
    const auto* const entry = find(building_->position, building_->entries, position);
    if (entry != nullptr) return *entry;
  }
  {
    const std::lock_guard lock(mutex_);
    for (const Group& group : waiting_) {
      if (const auto* const entry = find(group.position, group.entries, position)) return *entry;
    }
  }
  // Asked for what it never got, it would be taken for damaged.
  if (position >= journal_.next_position()) return ledger::Errc::store_unavailable;
  return journal_.entry_at(position);
}

}  // namespace ingest
