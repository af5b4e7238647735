#include "ledger/rules/history.h"

#include <algorithm>

#include "ledger/records/fingerprint.h"

namespace ledger {
namespace {

/// The places that an entry of the account follows; `corrupt_record` for one that cannot be there.
Result<void> add_followed(const Entry& entry, Position at, int year, std::vector<Position>& next) {
  const auto add = [&](Position followed) {
    if (followed.value() != 0) next.push_back(followed);
    return followed < at;
  };
  bool is_earlier = false;
  if (const ItemEntry* const item = item_of(entry)) {
    is_earlier = add(item->previous);
  } else if (const auto* const merge = std::get_if<PersonEntry>(&entry)) {
    const auto joined =
        std::find_if(merge->years.begin(), merge->years.end(),
                     [year](const JoinedYear& candidate) { return candidate.year == year; });
    if (joined == merge->years.end()) return Errc::corrupt_record;
    is_earlier = add(joined->kept) && add(joined->other);
  }
  return is_earlier ? ok() : Result<void>(Errc::corrupt_record);
}

Result<void> add_registration(Store& store, const ItemEntry& entry, AccountHistory& history) {
  const auto practice = store.practice_id(entry.practice);
  if (!practice) return practice.error();
  const Fingerprint key = fingerprint_of(practice.value(), entry.item.guid);
  const auto found = store.find_registration(key);
  if (!found) return found.error();
  if (!found.value()) return Errc::corrupt_record;
  history.registrations.push_back({key, entry.item.guid, *found.value()});
  return ok();
}

}  // namespace

Result<AccountHistory> read_history(Store& store, const EntryLog& log, Position newest, int year) {
  AccountHistory history;
  std::vector<Position> next;
  if (newest.value() != 0) next.push_back(newest);
  while (!next.empty()) {
    const Position at = next.back();
    next.pop_back();
    const auto entry = log.entry_at(at);
    if (!entry) return entry.error();
    if (const auto followed = add_followed(entry.value(), at, year, next); !followed) {
      return followed.error();
    }
    const ItemEntry* const item = item_of(entry.value());
    if (item == nullptr) continue;
    history.items.push_back(at);
    if (item->item.type != ItemType::copayment) continue;
    if (const auto added = add_registration(store, *item, history); !added) return added.error();
  }
  std::sort(history.items.begin(), history.items.end());
  std::sort(history.registrations.begin(), history.registrations.end(),
            [](const auto& a, const auto& b) { return a.position() < b.position(); });
  return history;
}

}  // namespace ledger
