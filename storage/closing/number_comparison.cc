#include "storage/closing/number_comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "storage/bytes/format.h"

namespace storage {
namespace {

using ledger::EncryptedNumber;
using ledger::PersonId;
using Numbers = std::vector<EncryptedNumber>;

const EncryptedNumber erased{};

/// What the journal gives to a person.
struct NumbersDue {
  std::set<EncryptedNumber> numbers;  ///< without erased ones
  EncryptedNumber in_use;
  std::uint64_t in_use_from = 0;  ///< position of the entry that says so
  std::set<PersonId> merged;      ///< who are this person now
};

class NumberComparison {
 public:
  NumberComparison(const StateReader& state, const Owners& owners, const UseDifference& use)
      : state_(state), owners_(owners), use_(use) {}

  void add_introduced(const PutAsideNumber& record) {
    NumbersDue& due = due_[PersonId{record.owner}];
    if (record.number != erased) due.numbers.insert(record.number);
    if (record.is_in_use && record.position >= due.in_use_from) {
      due.in_use = record.number;
      due.in_use_from = record.position;
    }
    if (record.of != record.owner) due.merged.insert(PersonId{record.of});
  }
  void add_indexed(const PutAsideNumber& record) {
    indexed_[PersonId{record.of}].insert(record.number);
  }
  void add_row(PersonId person, Numbers numbers) {
    std::erase(numbers, erased);
    rows_[person] = std::move(numbers);
  }

  void compare() {
    for (const auto& [person, due] : due_) {
      compare_row(person, due);
      compare_index(person, due.numbers);
      for (const PersonId merged : due.merged) compare_merged(merged);
    }
    for (const auto& [person, numbers] : rows_) {
      if (!owners_.is_merged(person)) differs(person, "persons", "", "a person");
    }
    for (const auto& [person, numbers] : indexed_) differs(person, "numbers", "", "a number");
  }

 private:
  void differs(PersonId person, const char* field, const char* expected, const char* found) const {
    use_({ledger::DifferenceKind::number_differs, {person, 0}, {}, {}, field, expected, found});
  }

  void compare_row(PersonId person, const NumbersDue& due) {
    constexpr const char* expected = "the numbers that the journal gives";
    const auto row = rows_.find(person);
    if (row == rows_.end()) return differs(person, "persons", expected, "");
    const Numbers& found = row->second;
    const std::set<EncryptedNumber> numbers(found.begin(), found.end());
    if (numbers != due.numbers || numbers.size() != found.size()) {
      differs(person, "persons", expected, "others");
    } else if (due.in_use != erased && found.front() != due.in_use) {
      differs(person, "persons", "the number in use first", "another number");
    }
    rows_.erase(row);
  }

  void compare_index(PersonId person, const std::set<EncryptedNumber>& due) {
    const std::set<EncryptedNumber> found = std::move(indexed_[person]);
    indexed_.erase(person);
    if (!std::includes(found.begin(), found.end(), due.begin(), due.end())) {
      differs(person, "numbers", "its numbers lead to it", "");
    }
    if (!std::includes(due.begin(), due.end(), found.begin(), found.end())) {
      differs(person, "numbers", "", "the number of another person leads to it");
    }
  }

  /// Who is another person now is a row without numbers.
  void compare_merged(PersonId person) const {
    const auto row = state_.get(StateFamily::persons, person_key(person));
    if (!row) require_read(row.error(), "the persons of the state");
    const auto numbers =
        row.value() ? decode_numbers(*row.value()) : ledger::Result<Numbers>(Numbers(1));
    if (!numbers || !numbers.value().empty()) {
      differs(person, "persons", "a person without numbers", row.value() ? "numbers" : "");
    }
  }

  const StateReader& state_;
  const Owners& owners_;
  const UseDifference& use_;
  std::map<PersonId, NumbersDue> due_;
  std::map<PersonId, std::set<EncryptedNumber>> indexed_;
  std::map<PersonId, Numbers> rows_;
};

}  // namespace

void compare_numbers(const StateReader& state, const ReconciliationParts& parts,
                     const Owners& owners, std::size_t part, const UseDifference& use) {
  NumberComparison comparison(state, owners, use);
  for (const PutAsideNumber& record : parts.read_part(parts.introduced, part, owners)) {
    comparison.add_introduced(record);
  }
  for (const PutAsideNumber& record : parts.indexed.read(part)) comparison.add_indexed(record);
  require_read(state.for_each(
                   StateFamily::persons, person_key(parts.first_person(part)),
                   [&](std::string_view key, std::string_view row) -> ledger::Result<void> {
                     auto numbers = decode_numbers(row);
                     if (!numbers) return numbers.error();
                     comparison.add_row(decode_person_key(key), std::move(numbers.value()));
                     return ledger::ok();
                   },
                   person_key(parts.end_of_persons(part))),
               "the persons of the state");
  comparison.compare();
}

}  // namespace storage
