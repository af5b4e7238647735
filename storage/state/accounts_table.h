#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/records/account.h"
#include "ledger/values/result.h"
#include "storage/bytes/format.h"
#include "storage/state/mix.h"
#include "storage/state/prefetch.h"
#include "storage/state/table_context.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// The accounts, by person and year.
///
/// Concurrency: the writer; the thread that hands over; find() and find_brief() from any thread.
class AccountsTable {
 public:
  explicit AccountsTable(const TableContext& context);

  // For the writer.
  void prefetch(const ledger::AccountKey& key) const {
    if (const std::string* const row = rows_.find(key); row != nullptr) prefetch_bytes(*row);
  }
  /// Fills `out` (empty for an account that does not exist), reusing its memory.
  ledger::Result<void> load(const ledger::AccountKey& key, ledger::Account& out);
  /// Follows a load() of the same key.
  ledger::Result<void> put(const ledger::AccountKey& key, const ledger::Account& account);
  /// Follows a load() of the same key.
  void remove(const ledger::AccountKey& key);
  void freeze() { rows_.freeze(); }
  void thaw_stripe(std::size_t stripe) { rows_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() {}  // the writer thaws them

  // For readers.
  ledger::Result<ledger::Account> find(const ledger::AccountKey& key) const;
  ledger::Result<ledger::AccountBrief> find_brief(const ledger::AccountKey& key) const;

 private:
  struct Hash {
    std::size_t operator()(const ledger::AccountKey& key) const {
      return mix(key.person.value() << 12 ^ static_cast<std::uint64_t>(key.year));
    }
  };

  ledger::Result<void> read_row(const ledger::AccountKey& key, std::string& row) const;

  const StateFiles& files_;
  StateTotals& totals_;
  WriteBehind<ledger::AccountKey, std::string, Hash> rows_;  // empty: taken out

  // The writer's own: of the account loaded last.
  ledger::AccountKey loaded_key_;
  std::string_view loaded_row_;  // empty when it did not exist
  std::string row_of_files_;     // when it came from there
  /// What the totals have of an account.
  struct Share {
    std::uint64_t cards = 0;
    std::uint64_t cards_under_review = 0;
    std::int64_t counted_ore = 0;
    std::int64_t refunded_ore = 0;
  };
  static Share share_of(const ledger::Account& account);
  void change_totals(const Share& after);

  Share share_before_;
  std::string encoded_;
};

}  // namespace storage
