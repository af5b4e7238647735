#pragma once

#include <span>
#include <vector>

#include "ledger/records/entry.h"
#include "ledger/reference/reference.h"
#include "storage/closing/payouts.h"
#include "storage/closing/statement.h"

namespace storage {

/// Adds one person-year to totals: its items, and the account that follows from its entries. What
/// is nobody's adds no person.
void add_to(Totals& totals, std::span<const ledger::ItemEntry> entries,
            const ledger::ReferenceAccount& account);

/// The figures of a statement: given the person-years one by one, adds them up, for the nation and
/// for each practice.
class YearFigures {
 public:
  /// Goes on adding to what is in `nation` and in `practices`, which are kept by number.
  YearFigures(int year, ledger::Money ceiling, StatementFigures& nation,
              std::vector<PracticeFigures>& practices)
      : year_(year), ceiling_(ceiling), nation_(nation), practices_(practices) {}

  /// A co-payment that was received so many days after its service.
  void add_lag(ledger::PracticeNumber practice, std::uint32_t lag_days);
  void add(std::span<const ledger::ItemEntry> entries, const ledger::ReferenceAccount& account);
  void add(const Payout& payout);

 private:
  void add_registrations(const ledger::ReferenceAccount& account);
  void add_card(const ledger::ExemptionCard& card);
  void add_lateness(const ledger::ReferenceAccount& account);
  CardMonth& card_month(ledger::Date day);
  PracticeFigures& of(ledger::PracticeNumber practice);

  const int year_;
  const ledger::Money ceiling_;
  StatementFigures& nation_;
  std::vector<PracticeFigures>& practices_;
};

}  // namespace storage
