#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "ledger/records/person.h"
#include "ledger/values/result.h"
#include "storage/bytes/format.h"
#include "storage/state/mix.h"
#include "storage/state/table_context.h"
#include "storage/state/thread_safety.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// What the registries have said of persons. What every item asks is kept in memory of everybody,
/// 16 bytes a person; the rest is read when an event asks for it.
///
/// Concurrency: the writer, who alone changes it and so reads it without the lock; the thread that
/// hands over; find_brief() and find() from any thread.
class FactsTable {
 public:
  /// Reads the briefs from the files. Throws DamagedState, or std::runtime_error when they cannot
  /// be read.
  explicit FactsTable(const TableContext& context);

  // For the writer.
  ledger::PersonBrief brief(ledger::PersonId person) const READS_UNLOCKED { return unpack(person); }
  void prefetch(ledger::PersonId person) const READS_UNLOCKED {
    if (person.value() < briefs_.size()) __builtin_prefetch(&briefs_[person.value()]);
  }
  ledger::Result<ledger::Person> load(ledger::PersonId id);
  /// Follows a load() of the same one.
  ledger::Result<void> put(ledger::PersonId id, const ledger::Person& person);
  void freeze() { rows_.freeze(); }
  void thaw_stripe(std::size_t stripe) { rows_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() {}  // the writer thaws them

  // For readers.
  ledger::PersonBrief find_brief(ledger::PersonId person) const;
  ledger::Result<ledger::Person> find(ledger::PersonId id) const;

 private:
  struct Hash {
    std::size_t operator()(ledger::PersonId id) const { return mix(id.value()); }
  };
  struct PackedBrief {
    std::uint64_t newest_event = 0;
    std::int32_t birth_day = no_day;  // since 1970
    std::uint8_t flags = 0;
  };
  static constexpr std::int32_t no_day = INT32_MIN;

  void load_briefs();
  static PackedBrief pack(const ledger::PersonBrief& brief);
  ledger::PersonBrief unpack(ledger::PersonId person) const REQUIRES_SHARED(mutex_);
  void set_brief(ledger::PersonId person, const ledger::PersonBrief& brief) REQUIRES(mutex_);
  ledger::Result<std::string> read_row(ledger::PersonId id) const;

  const StateFiles& files_;
  StateTotals& totals_;
  WriteBehind<ledger::PersonId, std::string, Hash> rows_;
  mutable SharedMutex mutex_;
  std::deque<PackedBrief> briefs_ GUARDED_BY(mutex_);  // by id, as far as anything has been said

  // The writer's own.
  std::string loaded_row_;
  std::string encoded_;
};

}  // namespace storage
