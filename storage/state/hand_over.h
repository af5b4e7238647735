#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/files/open_mode.h"
#include "storage/state/applied_table.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_tables.h"
#include "storage/state/thread_safety.h"

namespace storage {

class StateFiles;

/// The hand-over of the tables to their files, on a thread of its own. What has come is frozen and
/// written; when the journal has it, the files take it up together with the position it reaches;
/// then it is thawed. A hand-over that fails, or that the journal never gets as far as, leaves its
/// rows in memory, where they are found, and nothing more is handed over.
class HandOver {
 public:
  /// Hands over after `items_max` items; read-only nothing.
  HandOver(const StateFiles& files, StateTables& tables, AppliedTable& applied,
           std::uint64_t items_max, OpenMode mode);
  /// Hands over what waits, if it is durable.
  ~HandOver();
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  // For the writer, between groups.
  /// Thaws a part of what has been handed over.
  void thaw_some();
  /// Begins when enough has come; blocks when the last one is not done by the time the next is due.
  void begin_if_due();
  /// Begins with whatever has come, after the one under way.
  void begin();

  // For the writer.
  void count_item() { ++items_; }

  // From any thread.
  /// Waits until none is under way; what began is then in the files. Only returns when the journal
  /// gets as far as the state did, or fails.
  ledger::Result<void> await();
  void note_durable(ledger::Position next_position);
  /// The journal has failed: nothing is handed over any more.
  void abandon();
  /// Why nothing is handed over any more; empty while all is well.
  std::string failure() const;

 private:
  void want_room();
  void freeze();
  void thaw_next();
  bool is_handed_over() const;
  bool await_end(MutexLock& lock) REQUIRES(mutex_);

  void run();
  void make_room();
  bool hand_over_frozen();
  bool await_durable();

  SortedFiles files_;  // the thread's own
  StateTables& tables_;
  AppliedTable& applied_;

  // The writer's own.
  const std::uint64_t items_max_;
  std::uint64_t items_ = 0;  // that have come since the last freeze()
  std::size_t stripes_to_thaw_ = 0;
  unsigned rooms_wanted_ = 0;

  mutable Mutex mutex_;
  std::condition_variable changed_;
  bool is_frozen_ GUARDED_BY(mutex_) = false;  // and not in the files yet
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  bool is_room_wanted_ GUARDED_BY(mutex_) = false;
  bool is_abandoned_ GUARDED_BY(mutex_);  // nothing is handed over any more
  std::string error_ GUARDED_BY(mutex_);
  std::uint64_t durable_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace storage
