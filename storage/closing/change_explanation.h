#pragma once

#include "storage/closing/person_years.h"
#include "storage/closing/practices.h"
#include "storage/closing/recomputation.h"
#include "storage/closing/statement.h"
#include "storage/closing/statement_tables.h"

namespace storage {

/// Explains how a statement differs from the one before: given the person-years one by one, lists
/// the entries that came after its position with what each of them moved, and adds up the totals as
/// they were then, so that they can be held against what it said.
class ChangeExplanation {
 public:
  ChangeExplanation(ledger::Position previous, const Recomputation& recomputation,
                    const Practices& practices, Table& table, StatementFigures& figures)
      : previous_(previous),
        recomputation_(recomputation),
        practices_(practices),
        table_(table),
        figures_(figures) {}

  /// `account` is what follows from all entries of the year; there is one at least.
  void add(const PersonYear& year, const ledger::ReferenceAccount& account);

 private:
  void add_change(const ledger::ItemEntry& entry, ledger::Money counted,
                  const ledger::ReferenceAccount& account);

  const ledger::Position previous_;
  const Recomputation& recomputation_;
  const Practices& practices_;
  Table& table_;
  StatementFigures& figures_;
};

}  // namespace storage
