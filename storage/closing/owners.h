#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ledger/values/ids.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Who is whom now: given the merges of persons, gives the person who remains of each. Merges are
/// few, so all of them are in memory.
class Owners {
 public:
  /// Plain data.
  struct Merge {
    ledger::PersonId person;  ///< who is another person now
    ledger::PersonId into;
  };

  Owners() = default;
  explicit Owners(const std::vector<Merge>& merges);

  /// Persons go into lower ones, so that it ends somewhere; any other merge is not taken.
  void note(const Merge& merge);
  ledger::PersonId of(ledger::PersonId person) const;
  bool is_merged(ledger::PersonId person) const { return merged_into_.contains(person.value()); }
  /// In no order.
  std::vector<Merge> merges() const;

  friend bool operator==(const Owners&, const Owners&) = default;

 private:
  std::unordered_map<std::uint64_t, ledger::PersonId> merged_into_;
};

/// As the state has it. Throws std::runtime_error when it cannot be read.
Owners read_owners(const StateReader& state);

}  // namespace storage
