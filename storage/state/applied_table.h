#pragma once

#include <atomic>
#include <cstdint>

#include "ledger/ports/journal.h"
#include "storage/bytes/format.h"
#include "storage/state/thread_safety.h"

namespace storage {

class SortedFiles;
class StateFiles;

/// How far the journal has been applied, and the totals there, which the other tables keep up to
/// date: the one row of its family.
///
/// Concurrency: the writer, the thread that hands over, and readers of head() and begun().
class AppliedTable {
 public:
  /// Throws DamagedState, or std::runtime_error, when the row cannot be read.
  explicit AppliedTable(const StateFiles& files);

  // For the writer.
  StateTotals& totals() { return applied_.totals; }
  void begin_group(ledger::Position position) {
    begun_.store(position.value(), std::memory_order_release);
  }
  void finish_group(const ledger::CommitGroup& group);
  /// Whether no group has begun that is not finished.
  bool is_between_groups() const { return begun_.load() < applied_.next_position.value(); }
  ledger::Position next_position() const { return applied_.next_position; }
  /// Of everything that has been applied.
  std::array<std::uint8_t, 16> checksum() const { return applied_.totals.checksum.bytes(); }
  void freeze() { frozen_ = applied_; }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  ledger::Position frozen_next_position() const { return frozen_.next_position; }

  // For readers.
  ledger::Position begun() const {
    return ledger::Position{begun_.load(std::memory_order_acquire)};
  }
  AppliedState head() const;

 private:
  AppliedState applied_;  // the writer's own
  AppliedState frozen_;   // changed by freeze() only
  std::atomic<std::uint64_t> begun_{0};
  mutable Mutex head_mutex_;
  AppliedState head_ GUARDED_BY(head_mutex_);  // as of the newest finished group
};

}  // namespace storage
