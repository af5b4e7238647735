#pragma once

#include <map>
#include <vector>

#include "storage/closing/owners.h"
#include "storage/closing/practices.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/closing/year_figures.h"
#include "storage/files/report_progress.h"
#include "storage/journal/rocksdb_journal.h"

namespace storage {

/// Collects a year from the journal: given its records in order, puts aside by person and by
/// practice what concerns the year, and gives the rule packs that the journal has had, and who is
/// whom. On the way it counts how late co-payments came, and compares the practices with those of
/// the state.
class JournalCollector {
 public:
  /// `owners` becomes who is whom by the journal.
  JournalCollector(int year, const StateReader& state, const Practices& practices,
                   ReconciliationParts& parts, std::vector<ledger::RulePackHash>& rule_packs,
                   Owners& owners, YearFigures& figures, const UseDifference& use_difference)
      : year_(year),
        state_(state),
        practices_(practices),
        parts_(parts),
        rule_packs_(rule_packs),
        owners_(owners),
        hint_(read_owners(state)),
        figures_(figures),
        use_difference_(use_difference) {}

  /// Reads the journal from its beginning to `last`; gives the root of the record that holds it.
  /// Throws std::runtime_error with the remedy when the journal is damaged or ends before.
  ledger::Digest collect(const RocksDbJournal& journal, ledger::Position last,
                         const ReportProgress& report);

 private:
  void collect_group(const ledger::CommitGroup& group);
  void collect_item(const ledger::ItemEntry& entry, std::uint32_t rule_pack);
  void collect_registry_event(const ledger::PersonEntry& entry, std::uint32_t rule_pack);
  void collect_practice_event(const ledger::PracticeEntry& entry);
  void add_number(ledger::PersonId person, ledger::Position position,
                  const ledger::EncryptedNumber& number, bool is_in_use);
  /// Whose registration an entry is about.
  ledger::PersonId reported_for(const ledger::ItemEntry& entry) const;
  /// Whether a co-payment's service was in the year.
  bool collect_lag(const ledger::ItemEntry& copayment);
  void collect_tally(const ledger::Tally& tally);
  std::uint32_t number_of(const ledger::RulePackHash& rule_pack);
  /// Compares a practice that an entry introduces.
  void introduce(ledger::PracticeNumber number, const ledger::PracticeId& id,
                 ledger::Position position);

  const int year_;
  const StateReader& state_;
  const Practices& practices_;
  ReconciliationParts& parts_;
  std::vector<ledger::RulePackHash>& rule_packs_;
  Owners& owners_;
  const Owners hint_;  // who is whom by the state: a person's entries come before his merge
  YearFigures& figures_;
  const UseDifference& use_difference_;
  std::map<ledger::PracticeNumber, ledger::PracticeEntry> registered_;  // the newest event of each
};

}  // namespace storage
