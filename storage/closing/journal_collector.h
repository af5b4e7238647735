#pragma once

#include "storage/closing/checkpoint.h"
#include "storage/closing/practices.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/closing/year_figures.h"
#include "storage/files/report_progress.h"
#include "storage/journal/rocksdb_journal.h"

namespace storage {

/// Collects a year from the journal: given its records in order, puts aside by person and by
/// practice what concerns the year, and gives the rule packs that the journal has had. On the way
/// it counts how late co-payments came, and compares the practices with those of the state.
class JournalCollector {
 public:
  JournalCollector(int year, const Practices& practices, ReconciliationParts& parts,
                   std::vector<ledger::RulePackHash>& rule_packs, YearFigures& figures,
                   const UseDifference& use_difference)
      : year_(year),
        practices_(practices),
        parts_(parts),
        rule_packs_(rule_packs),
        figures_(figures),
        use_difference_(use_difference) {}

  /// Reads the journal from its beginning to `last`; gives the root of the record that holds it.
  /// Throws std::runtime_error with the remedy when the journal is damaged or ends before.
  ledger::Digest collect(const RocksDbJournal& journal, ledger::Position last,
                         const ReportProgress& report);

 private:
  void collect_group(const ledger::CommitGroup& group);
  void collect_entry(const ledger::ItemEntry& entry, std::uint32_t rule_pack);
  /// Whether a co-payment's service was in the year.
  bool collect_lag(const ledger::ItemEntry& copayment);
  void collect_tally(const ledger::Tally& tally);
  std::uint32_t number_of(const ledger::RulePackHash& rule_pack);
  void check_practice(const ledger::ItemEntry& entry) const;

  const int year_;
  const Practices& practices_;
  ReconciliationParts& parts_;
  std::vector<ledger::RulePackHash>& rule_packs_;
  YearFigures& figures_;
  const UseDifference& use_difference_;
  std::uint32_t practices_introduced_ = 0;  // by the entries read so far
};

}  // namespace storage
