#include "storage/state/events_table.h"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <limits>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::Event;
using ledger::Position;
using ledger::Result;

EventsTable::EventsTable(const TableContext& context)
    : files_(context.files), totals_(context.totals) {}

Result<void> EventsTable::record(std::span<const Event> events) {
  if (events.empty()) return ledger::ok();
  for (const Event& event : events) {
    if (const auto storable = files_.require_storable("event", event); !storable) return storable;
  }
  const MutexLock lock(mutex_);
  std::uint32_t ordinal = 0;
  for (const Event& event : events) {
    active_.push_back({ordinal++, event});
    ++totals_.events[static_cast<std::size_t>(event.type)];
  }
  newest_.store(events.back().cause.value(), std::memory_order_release);
  return ledger::ok();
}

EventsTable::Found EventsTable::find_in_memory(Position after_cause, std::uint32_t after_ordinal,
                                               std::size_t limit) const {
  Found found;
  const auto is_before = [&](const Pending& pending) {
    return std::pair(pending.event.cause, pending.ordinal) <= std::pair(after_cause, after_ordinal);
  };
  const MutexLock lock(mutex_);
  for (const std::vector<Pending>* tier : {&frozen_, &active_}) {
    auto next = std::partition_point(tier->begin(), tier->end(), is_before);
    for (; next != tier->end() && found.size() < limit; ++next) {
      found.emplace_back(next->ordinal, next->event);
    }
  }
  return found;
}

Result<std::vector<std::pair<std::uint32_t, Event>>> EventsTable::find(Position after_cause,
                                                                       std::uint32_t after_ordinal,
                                                                       std::size_t limit) const {
  // Memory first: what is handed over meanwhile is then found in the files, never missed.
  const Found in_memory = find_in_memory(after_cause, after_ordinal, limit);
  Found found;
  const auto row = files_.rows(StateFamily::events);
  for (row->Seek(event_key(after_cause, after_ordinal)); row->Valid() && found.size() < limit;
       row->Next()) {
    const auto event = decode_event(view_of(row->key()), view_of(row->value()));
    if (!event) return files_.undecodable(StateFamily::events);
    const std::uint32_t ordinal = decode_event_ordinal(view_of(row->key()));
    if (event.value().cause == after_cause && ordinal == after_ordinal) continue;
    if (!in_memory.empty() && event.value().cause >= in_memory.front().second.cause) break;
    found.emplace_back(ordinal, event.value());
  }
  if (const auto status = files_.status_of(*row); !status) return status.error();
  for (const auto& event : in_memory) {
    if (found.size() == limit) break;
    found.push_back(event);
  }
  return found;
}

Result<bool> EventsTable::has(Position cause, std::uint32_t ordinal) const {
  if (cause.value() == 0) return false;
  constexpr std::uint32_t last = std::numeric_limits<std::uint32_t>::max();
  const auto found =
      ordinal == 0 ? find(Position{cause.value() - 1}, last, 1) : find(cause, ordinal - 1, 1);
  if (!found) return found.error();
  if (found.value().empty()) return false;
  const auto& [place, event] = found.value().front();
  return event.cause == cause && place == ordinal;
}

void EventsTable::freeze() {
  const MutexLock lock(mutex_);
  frozen_.swap(active_);
}

void EventsTable::write(SortedFiles& files) const {
  files.write(StateFamily::events, frozen(), [](const Pending& pending) {
    return std::pair(event_key(pending.event.cause, pending.ordinal), encode_event(pending.event));
  });
}

void EventsTable::forget_frozen() {
  const MutexLock lock(mutex_);
  frozen_.clear();
}

}  // namespace storage
