#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ledger/records/event.h"
#include "ledger/values/result.h"
#include "storage/bytes/format.h"
#include "storage/state/table_context.h"
#include "storage/state/thread_safety.h"

namespace storage {

class SortedFiles;

/// The events, by cause and ordinal: they come in this order, and never change.
///
/// Concurrency: the writer; the thread that hands over; readers.
class EventsTable {
 public:
  explicit EventsTable(const TableContext& context);

  // For the writer.
  ledger::Result<void> record(std::span<const ledger::Event> events);
  void freeze();
  void thaw_stripe(std::size_t /*stripe*/) {}  // forget_frozen() does it all

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen();

  // For readers.
  /// Events from `after` on (exclusive) with their ordinals, at most `limit`.
  ledger::Result<std::vector<std::pair<std::uint32_t, ledger::Event>>> find(
      ledger::Position after_cause, std::uint32_t after_ordinal, std::size_t limit) const;
  ledger::Result<bool> has(ledger::Position cause, std::uint32_t ordinal) const;
  /// The cause of the newest event recorded since the opening; 0 = none. find() afterwards includes
  /// it.
  ledger::Position newest() const {
    return ledger::Position{newest_.load(std::memory_order_acquire)};
  }

 private:
  struct Pending {
    std::uint32_t ordinal = 0;
    ledger::Event event;
  };
  using Found = std::vector<std::pair<std::uint32_t, ledger::Event>>;

  Found find_in_memory(ledger::Position after_cause, std::uint32_t after_ordinal,
                       std::size_t limit) const;
  /// Between freeze() and forget_frozen() nobody changes them.
  const std::vector<Pending>& frozen() const READS_UNLOCKED { return frozen_; }

  const StateFiles& files_;
  StateTotals& totals_;
  mutable Mutex mutex_;
  std::vector<Pending> active_ GUARDED_BY(mutex_);
  std::vector<Pending> frozen_ GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> newest_{0};
};

}  // namespace storage
