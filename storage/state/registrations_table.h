#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ports/store.h"
#include "storage/bytes/format.h"
#include "storage/state/known_registrations.h"
#include "storage/state/table_context.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// The registrations, by fingerprint: the largest family, read and changed by the writer only, so
/// its rows in memory have no locks.
///
/// Concurrency: the writer; the thread that hands over; find_in_files() from any thread.
class RegistrationsTable {
 public:
  explicit RegistrationsTable(const TableContext& context);

  // For the writer.
  /// Reads ahead what these lookups will find.
  void expect(std::span<const ledger::Lookup> lookups);
  ledger::Result<std::optional<ledger::Registration>> find(const ledger::Fingerprint& key);
  /// `before` is what find() gave, null for a new one.
  ledger::Result<void> put(const ledger::Fingerprint& key, const ledger::Registration* before,
                           const ledger::Registration& after);
  void finish_group();
  void freeze() { rows_.freeze(); }
  void thaw_stripe(std::size_t stripe) { rows_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void make_room() { rows_.make_room_for_changes(); }
  void write(SortedFiles& files) const;
  void forget_frozen() {}  // the writer thaws them

  /// The registration unless it has left memory for the files. Between groups, or where nothing is
  /// written.
  ledger::Result<std::optional<ledger::Registration>> find_in_memory(
      const ledger::Fingerprint& key) const;
  /// The registration if the files have it, which is after it has left memory.
  ledger::Result<std::optional<ledger::Registration>> find_in_files(
      const ledger::Fingerprint& key) const;

 private:
  struct Hash {
    std::size_t operator()(const ledger::Fingerprint& key) const { return key.low; }
  };
  /// Rows are small: kept inline, without an allocation each, and with the key one cache line long.
  /// There is room for positions up to 2^49 and 2^35 persons.
  struct InlineRow {
    std::uint8_t size = 0;
    char bytes[47];
    std::string_view view() const { return {bytes, size}; }
  };
  /// A row put and not in the table yet.
  struct RowAside {
    ledger::Fingerprint key;
    InlineRow row;
  };
  /// What the files have under a key: a row, or nothing.
  struct Expected {
    ledger::Fingerprint key;
    std::optional<ledger::Registration> found;
  };

  const InlineRow* find_row(const ledger::Fingerprint& key) const;
  ledger::Result<std::optional<ledger::Registration>> decode(std::string_view row) const;
  const Expected* expected(const ledger::Fingerprint& key);
  void read_expected(std::span<const ledger::Fingerprint> keys);
  void put_aside(const ledger::Fingerprint& key, std::string_view row);
  void put_into_table();

  const StateFiles& files_;
  StateTotals& totals_;
  WriteBehind<ledger::Fingerprint, InlineRow, Hash, NoReaders> rows_;

  // The writer's own.
  KnownRegistrations known_;
  std::vector<RowAside> rows_aside_;  // the newest last; none between groups
  std::vector<Expected> expected_;    // what the files have of the registrations expected
  std::size_t next_expected_ = 0;
  std::string encoded_;
};

}  // namespace storage
