#pragma once

#include "ledger/reference/reference.h"
#include "storage/closing/payouts.h"
#include "storage/closing/practices.h"
#include "storage/closing/statement_tables.h"

namespace storage {

/// The rows of persons in the tables of a statement: given a person-year as it follows from its
/// entries, writes what is unpaid, the card, and what is paid out.
class PersonRows {
 public:
  PersonRows(int year, const Practices& practices, StatementTables& tables)
      : year_(year), practices_(practices), tables_(tables) {}

  void write_unpaid(ledger::PersonId person, const ledger::ReferenceAccount& account);
  /// Nothing when there is no card.
  void write_card(ledger::PersonId person, const ledger::ReferenceAccount& account);
  void write_payout(const Payout& payout, const ledger::ReferenceAccount& account);

 private:
  /// Writes a row for each refund line; gives the lines as JSON.
  std::string write_payout_lines(ledger::PersonId person, const ledger::ReferenceAccount& account);

  const int year_;
  const Practices& practices_;
  StatementTables& tables_;
};

}  // namespace storage
