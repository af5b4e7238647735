#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/records/timeliness.h"
#include "ledger/values/result.h"
#include "storage/bytes/format.h"
#include "storage/state/mix.h"
#include "storage/state/table_context.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// The timeliness figures, by practice, basis and month; the nation is a practice here.
///
/// Concurrency: the writer; the thread that hands over; find() from any thread.
class TimelinessTable {
 public:
  explicit TimelinessTable(const TableContext& context);

  // For the writer.
  /// Counts the lag of a co-payment for the practice, whose own identifier is `id`, and for the
  /// nation; by both bases.
  ledger::Result<void> record_lag(ledger::PracticeNumber practice, const ledger::PracticeId& id,
                                  ledger::Date service, ledger::Date received);
  /// Counts a tally for the nation, and for the practice if it has a number.
  ledger::Result<void> record_tally(const ledger::Tally& tally,
                                    std::optional<ledger::PracticeNumber> practice);
  /// Counts for the practice what the nation has counted before it had a number.
  ledger::Result<void> record_refusals(ledger::PracticeNumber practice,
                                       const ledger::Refusals& refusals);
  void finish_group();
  void freeze() { months_.freeze(); }
  void thaw_stripe(std::size_t stripe) { months_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() {}  // the writer thaws them

  // For readers.
  ledger::Result<ledger::TimelinessMonth> find(const ledger::TimelinessKey& key) const;

 private:
  struct Hash {
    std::size_t operator()(const ledger::TimelinessKey& key) const {
      const auto month =
          static_cast<std::uint64_t>(int{key.month.year()} * 12) + unsigned{key.month.month()};
      return mix(std::uint64_t{key.practice.value()} << 24 ^ month << 2 ^
                 static_cast<std::uint64_t>(key.basis));
    }
  };

  template <class Change>
  ledger::Result<void> change(const ledger::TimelinessKey& key, Change&& change_month);
  ledger::Result<void> put_nation_aside(ledger::Basis basis, ledger::Month month,
                                        std::uint32_t lag);
  ledger::Result<ledger::TimelinessMonth> read(const ledger::TimelinessKey& key) const;

  const StateFiles& files_;
  StateTotals& totals_;
  WriteBehind<ledger::TimelinessKey, ledger::TimelinessMonth, Hash> months_;

  // The writer's own.
  /// The nation's lags of this group, not in the table yet; none between groups.
  std::vector<std::pair<ledger::TimelinessKey, ledger::TimelinessMonth>> nation_aside_;
  std::string encoded_;
};

}  // namespace storage
