#include "tests/ledger/reference/entry_maker.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace ledger::test {

Entry EntryMaker::make(const Item& item, Position position) {
  ItemEntry entry;
  entry.item = item;
  entry.verdict.position = position;
  const PracticeNumber next{static_cast<std::uint32_t>(practices_.size() + 1)};
  const auto [practice, is_new] = practices_.try_emplace(std::string(item.practice.view()), next);
  entry.practice = practice->second;
  entry.is_new_practice = is_new;
  if (item.type == ItemType::copayment) {
    std::tie(entry.person, entry.is_new_person) = introduce(item.person);
    if (is_opted_out(entry.person)) entry.person = PersonId();
    reported_for_.try_emplace(key_of(item), entry.person);
  } else if (!is_opted_out(owner(item))) {
    entry.person = owner(item);
  }
  return entry;
}

Entry EntryMaker::make(const PersonEvent& event, Position position) {
  PersonEntry entry;
  entry.event = event;
  entry.position = position;
  const auto known = numbers_.find(event.other);
  if (event.has_other() && known != numbers_.end() && !numbers_.contains(event.person)) {
    numbers_[event.person] = known->second;
  }
  std::tie(entry.person, entry.is_new_person) = introduce(event.person);
  if (event.has_other()) unite(entry);
  if (event.type == PersonEventType::opted_out) opted_out_.insert(entry.person);
  if (event.type == PersonEventType::opted_in) opted_out_.erase(entry.person);
  return entry;
}

/// Both numbers lead to one person from now on.
void EntryMaker::unite(PersonEntry& entry) {
  const auto [known, is_unseen] = numbers_.try_emplace(entry.event.other, entry.person);
  const PersonId second = who(known->second);
  if (is_unseen || second == entry.person) return;
  const PersonId kept = std::min(entry.person, second);
  entry.other = std::max(entry.person, second);
  entry.person = kept;
  merged_into_[entry.other] = kept;
  if (opted_out_.erase(entry.other) > 0) opted_out_.insert(kept);
}

std::pair<PersonId, bool> EntryMaker::introduce(const EncryptedNumber& number) {
  const auto [known, is_new] = numbers_.try_emplace(number, PersonId{persons_ + 1});
  if (is_new) ++persons_;
  return {who(known->second), is_new};
}

PersonId EntryMaker::who(PersonId person) const {
  const auto found = merged_into_.find(person);
  return found == merged_into_.end() ? person : who(found->second);
}

PersonId EntryMaker::owner(const Item& item) const {
  const auto found = reported_for_.find(key_of(item));
  return found == reported_for_.end() ? PersonId() : who(found->second);
}

std::set<PersonId> EntryMaker::persons() const {
  std::set<PersonId> persons;
  for (std::uint64_t id = 1; id <= persons_; ++id) persons.insert(who(PersonId{id}));
  return persons;
}

std::vector<Entry> entries_of(const std::vector<Entry>& entries, const EntryMaker& maker,
                              PersonId person) {
  std::vector<Entry> chosen;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(chosen), [&](const Entry& entry) {
    const ItemEntry* const item = item_of(entry);
    return (item ? maker.owner(item->item) : maker.who(std::get<PersonEntry>(entry).person)) ==
           person;
  });
  return chosen;
}

}  // namespace ledger::test
