#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/position_text.h"
#include "storage/closing/table_file.h"

namespace storage {

/// A position as a cell of a table: empty when there is none.
inline std::string position_cell(ledger::Position position) {
  return position == ledger::Position() ? std::string() : ledger::to_string(position);
}

/// A table of a statement, as NDJSON and as CSV.
struct Table {
  Table(const std::filesystem::path& path, const std::vector<std::string_view>& columns)
      : ndjson(path, TableFormat::ndjson, columns), csv(path, TableFormat::csv, columns) {}
  Table& text(std::string_view value) {
    ndjson.text(value);
    csv.text(value);
    return *this;
  }
  template <class Number>
  Table& number(Number value) {
    ndjson.number(value);
    csv.number(value);
    return *this;
  }
  Table& none() {
    ndjson.none();
    csv.none();
    return *this;
  }
  /// Nobody is a cell without value.
  Table& person(ledger::PersonId person) {
    return person == ledger::PersonId() ? none() : number(person.value());
  }
  void end_row() {
    ndjson.end_row();
    csv.end_row();
  }
  TableFile ndjson;
  TableFile csv;
};

/// The tables of a statement; see statement_series.h.
struct StatementTables {
  explicit StatementTables(const std::filesystem::path& folder)
      : differences(folder / "differences", {"kind", "personRef", "year", "practiceId", "position",
                                             "field", "expected", "found"}),
        unpaid(folder / "unpaid", {"position", "practiceId", "guid", "personRef", "serviceType",
                                   "serviceTime", "amountOre"}),
        cards(folder / "cards", {"personRef", "state", "issuedAt", "entitledFrom",
                                 "crossingPosition", "crossingGuid", "countedOre", "refundedOre"}),
        payouts(folder / "payouts", TableFormat::ndjson,
                {"personRef", "year", "payee", "dueOre", "namedOre", "toPayOre", "lines"}),
        payouts_csv(folder / "payouts", TableFormat::csv,
                    {"personRef", "year", "payee", "dueOre", "namedOre", "toPayOre"}),
        payout_lines(folder / "payout_lines",
                     {"personRef", "position", "practiceId", "guid", "amountOre"}),
        changes(folder / "changes", {"position", "type", "practiceId", "guid", "personRef",
                                     "receivedTime", "countedOre", "refundedOre"}),
        practices(folder / "practices",
                  {"practiceId", "registrations", "amountOre", "countedOre", "refundedOre",
                   "within16", "within24", "within32", "costPersons", "costByLatenessOre",
                   "costDespiteCardOre", "costOreDays"}),
        service_types(folder / "service_types",
                      {"serviceType", "registrations", "amountOre", "countedOre", "refundedOre"}),
        restatements(folder / "restatements",
                     {"position", "type", "personRef", "year", "what", "before", "after"}),
        persons(folder / "persons", {"personRef", "mergedInto", "position"}),
        registered_practices(folder / "registered_practices",
                             {"practiceId", "name", "practiceType", "position"}) {}
  Table differences;
  Table unpaid;
  Table cards;
  TableFile payouts;      ///< a row for each person, with the lines
  TableFile payouts_csv;  ///< the same without the lines
  Table payout_lines;     ///< a row for each line
  Table changes;
  Table practices;
  Table service_types;
  Table restatements;
  Table persons;
  Table registered_practices;

  std::vector<TableFile*> files() {
    std::vector<TableFile*> files;
    for (Table* const table : {&differences, &unpaid, &cards}) {
      files.insert(files.end(), {&table->ndjson, &table->csv});
    }
    files.insert(files.end(), {&payouts, &payouts_csv});
    for (Table* const table : {&payout_lines, &changes, &practices, &service_types, &restatements,
                               &persons, &registered_practices}) {
      files.insert(files.end(), {&table->ndjson, &table->csv});
    }
    return files;
  }
};

}  // namespace storage
