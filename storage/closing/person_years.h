#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/closing/person_year.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Brings together the person-years of one part: given what was put aside and the rows of the
/// state, gives one person after another in ascending order, each with what there is of everybody
/// who is this person now. Persons of whom any of them knows something are given, and no others.
/// First come the registrations that are nobody's, one by one.
class PersonYears {
 public:
  /// Throws std::runtime_error when something cannot be read.
  PersonYears(const StateReader& state, const ReconciliationParts& parts, const Owners& owners,
              std::size_t part, int year);

  /// Nothing at the end of the part.
  std::optional<PersonYear> next();

 private:
  using Row = std::pair<ledger::PersonId, std::string>;
  template <class Record>
  struct Cursor {
    explicit Cursor(std::vector<Record> of) : records(std::move(of)), next(records.begin()) {}
    bool is_at(std::uint64_t owner) const { return next != records.end() && next->owner == owner; }
    const std::vector<Record> records;
    typename std::vector<Record>::const_iterator next;
  };

  /// Beyond all when there is none.
  ledger::PersonId next_person() const;
  void take_entries(PersonYear& year);
  void take_registry_events(PersonYear& year);
  void take_periods(ledger::PersonEntry& event);
  void take_meanwhile(PersonYear& year);
  void take_account(PersonYear& year);
  void take_facts(PersonYear& year);
  void take_events(PersonYear& year);

  const int year_;
  const ledger::PersonId end_;
  Cursor<PutAsideEntry> entries_;
  Cursor<PutAsideRegistryEvent> registry_events_;
  Cursor<PutAsidePeriod> periods_;
  Cursor<PutAsideMeanwhile> meanwhile_;
  Cursor<PutAsideEvent> events_;
  const std::vector<Row> accounts_;
  const std::vector<Row> facts_;
  std::vector<Row>::const_iterator account_;
  std::vector<Row>::const_iterator fact_;
};

}  // namespace storage
