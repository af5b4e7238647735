#pragma once

#include "storage/closing/person_year.h"
#include "storage/closing/practices.h"
#include "storage/closing/recomputation.h"
#include "storage/closing/statement.h"
#include "storage/closing/statement_tables.h"

namespace storage {

/// Explains how a statement differs from the one before: given the person-years one by one, lists
/// the entries that came after its position with what each of them moved, and adds up the totals as
/// they were then, so that they can be held against what it said. Of registries' events those are
/// listed that moved something.
class ChangeExplanation {
 public:
  ChangeExplanation(ledger::Position previous, const Recomputation& recomputation,
                    const Practices& practices, Table& table, StatementFigures& figures)
      : previous_(previous),
        recomputation_(recomputation),
        practices_(practices),
        table_(table),
        figures_(figures) {}

  /// `recomputed` is what follows from all entries of the year; there is an item at least.
  void add(const PersonYear& year, const RecomputedYear& recomputed);

 private:
  void add_before(const PersonYear& year, const ledger::ReferenceAccount& account);
  void add_item(const ledger::ItemEntry& entry, ledger::Money counted, ledger::Money refunded,
                bool is_hidden);
  void add_event(const ledger::PersonEntry& entry, ledger::Money counted, ledger::Money refunded,
                 bool is_hidden);

  const ledger::Position previous_;
  const Recomputation& recomputation_;
  const Practices& practices_;
  Table& table_;
  StatementFigures& figures_;
};

}  // namespace storage
