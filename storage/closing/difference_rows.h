#pragma once

#include "storage/closing/practices.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/closing/statement.h"
#include "storage/closing/statement_tables.h"

namespace storage {

/// The differences of a statement: given each one, counts it by its kind and gives it a row.
class DifferenceRows {
 public:
  DifferenceRows(int year, const Practices& practices, Table& table, StatementFigures& figures)
      : year_(year), practices_(practices), table_(table), figures_(figures) {}

  void add(const ledger::Difference& difference);

 private:
  const int year_;
  const Practices& practices_;
  Table& table_;
  StatementFigures& figures_;
};

}  // namespace storage
