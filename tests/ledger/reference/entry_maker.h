#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/records/entry.h"

namespace ledger::test {

/// Makes entries of accepted items and events as the journal keeps them, without judging them: who
/// is meant, and who is new. What an entry names as the one before it, and verdicts, are left out.
class EntryMaker {
 public:
  Entry make(const Item& item, Position position);
  Entry make(const PersonEvent& event, Position position);

  /// Who this person is now.
  PersonId who(PersonId person) const;
  /// Whose registration the item is or is for, by now; 0 = nobody's.
  PersonId owner(const Item& item) const;
  bool is_opted_out(PersonId person) const { return opted_out_.contains(who(person)); }
  /// All who have not been merged into another.
  std::set<PersonId> persons() const;

 private:
  using Key = std::pair<std::string, Guid>;
  static Key key_of(const Item& item) { return {std::string(item.practice.view()), item.guid}; }
  /// Gives a new id when nobody has the number yet.
  std::pair<PersonId, bool> introduce(const EncryptedNumber& number);
  void unite(PersonEntry& entry);

  std::map<EncryptedNumber, PersonId> numbers_;
  std::map<PersonId, PersonId> merged_into_;
  std::set<PersonId> opted_out_;
  std::map<std::string, PracticeNumber> practices_;
  std::map<Key, PersonId> reported_for_;
  std::uint64_t persons_ = 0;
};

/// Of these entries those about this person: of everybody who is this person now, and what names
/// nobody but is for one of their registrations. Person 0: what is for nobody's registrations.
std::vector<Entry> entries_of(const std::vector<Entry>& entries, const EntryMaker& maker,
                              PersonId person);

}  // namespace ledger::test
