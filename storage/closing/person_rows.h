#pragma once

#include "ledger/reference/reference.h"
#include "storage/closing/payouts.h"
#include "storage/closing/practices.h"
#include "storage/closing/recomputation.h"
#include "storage/closing/statement_tables.h"

namespace storage {

/// The rows of persons in the tables of a statement: given a person-year as it follows from its
/// entries, writes what is unpaid, the card, what is paid out, and what registries have changed.
/// Of who is opted out there is nothing but what is paid out, and the unpaid registrations of the
/// practices, without the person.
class PersonRows {
 public:
  PersonRows(int year, const Practices& practices, StatementTables& tables)
      : year_(year), practices_(practices), tables_(tables) {}

  void write(const PersonYear& year, const RecomputedYear& recomputed);
  void write_payout(const Payout& payout, const RecomputedYear& recomputed);

 private:
  void write_unpaid(ledger::PersonId person, const ledger::ReferenceAccount& account);
  void write_card(ledger::PersonId person, const ledger::ReferenceAccount& account);
  void write_merges(ledger::PersonId person, const ledger::ReferenceAccount& account);
  void write_restatements(const PersonYear& year, const ledger::ReferenceAccount& account);
  /// Writes a row for each refund line; gives the lines as JSON.
  std::string write_payout_lines(ledger::PersonId person, const RecomputedYear& recomputed);

  const int year_;
  const Practices& practices_;
  StatementTables& tables_;
};

}  // namespace storage
