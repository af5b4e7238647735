#include "api/runtime/earlier_owner.h"

#include <map>
#include <set>
#include <utility>

#include "storage/ledger_files/history.h"

namespace api {
namespace {

using ledger::EncryptedNumber;
using ledger::Entry;
using ledger::ItemEntry;
using ledger::PersonEntry;
using ledger::PersonId;
using ledger::Position;
using ledger::Result;

/// Who was who, by the merges up to a position.
class Merges {
 public:
  Merges(const std::vector<Entry>& entries, Position last) {
    for (const Entry& entry : entries) {
      const auto* const event = std::get_if<PersonEntry>(&entry);
      if (event == nullptr || event->position > last || event->other.value() == 0) continue;
      into_[event->other] = event->person;
    }
  }
  PersonId who(PersonId person) const {
    for (auto found = into_.find(person); found != into_.end(); found = into_.find(person)) {
      person = found->second;
    }
    return person;
  }

 private:
  std::map<PersonId, PersonId> into_;
};

bool names(const PersonEntry& event, const EncryptedNumber& number) {
  return event.event.person == number || (event.event.has_other() && event.event.other == number);
}

/// The person whom an item introduced with this number, up to a position; 0 = nobody.
Result<PersonId> introduced_by_item(storage::LedgerFiles& files, PersonId now,
                                    const EncryptedNumber& number, Position last) {
  for (const auto& [year, ceiling] : files.rules().ceilings()) {
    const auto account = files.state().account({now, year});
    if (!account) return account.error();
    const auto entries =
        storage::history_of(files.journal(), {account.value().newest, Position(), year});
    if (!entries) return entries.error();
    for (const Entry& entry : entries.value()) {
      const ItemEntry* const item = item_of(entry);
      if (item == nullptr || item->verdict.position > last) continue;
      if (item->is_new_person && item->item.person == number) return item->person;
    }
  }
  return PersonId();
}

}  // namespace

Result<PersonId> earlier_owner(storage::LedgerFiles& files, const KnownAccount& known,
                               const EncryptedNumber& number) {
  const Position last = known.as_of.position;
  const PersonEntry* newest = nullptr;
  bool is_named_later = false;
  for (const Entry& entry : known.entries) {
    const auto* const event = std::get_if<PersonEntry>(&entry);
    if (event == nullptr || !names(*event, number)) continue;
    if (event->position > last) {
      is_named_later = true;
    } else {
      newest = event;
    }
  }
  if (newest != nullptr) return Merges(known.entries, last).who(newest->person);
  // A number that no event names is the only one of its person, who so was never merged.
  if (!is_named_later) return known.shown.person;
  // Before the first event that names it, a number can have come by an item only.
  return introduced_by_item(files, known.shown.person, number, last);
}

std::vector<Entry> entries_of_owner(const KnownAccount& known, PersonId owner) {
  const Position last = known.as_of.position;
  const Merges merges(known.entries, last);
  std::map<std::pair<ledger::PracticeNumber, ledger::Guid>, PersonId> reported_for;
  std::set<Position> named;  // by opt-ins: what came meanwhile names nobody itself
  for (const Entry& entry : known.entries) {
    const ItemEntry* const item = item_of(entry);
    if (item != nullptr && item->item.type == ledger::ItemType::copayment) {
      reported_for[{item->practice, item->item.guid}] = item->person;
    }
    const auto* const event = std::get_if<PersonEntry>(&entry);
    if (event == nullptr || event->position > last || merges.who(event->person) != owner) continue;
    named.insert(event->meanwhile.begin(), event->meanwhile.end());
  }
  const auto is_of_owner = [&](const Entry& entry) {
    if (named.contains(position_of(entry))) return true;
    if (const auto* const event = std::get_if<PersonEntry>(&entry)) {
      return merges.who(event->person) == owner;
    }
    const ItemEntry* const item = item_of(entry);
    if (item == nullptr) return false;
    if (item->person.value() != 0) return merges.who(item->person) == owner;
    const auto found = reported_for.find({item->practice, item->item.guid});
    return found != reported_for.end() && merges.who(found->second) == owner;
  };
  std::vector<Entry> entries;
  for (const Entry& entry : known.entries) {
    if (position_of(entry) <= last && is_of_owner(entry)) entries.push_back(entry);
  }
  return entries;
}

}  // namespace api
