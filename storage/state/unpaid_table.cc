#include "storage/state/unpaid_table.h"

#include <algorithm>

#include "ledger/values/assert.h"

namespace storage {

void UnpaidTable::add(const ledger::UnpaidKey& key,
                      const ledger::UnpaidRegistration& registration) {
  const std::lock_guard lock(mutex_);
  active_[key] = registration;
}

void UnpaidTable::remove(const ledger::UnpaidKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = active_.find(key);
  if (found == active_.end()) {
    active_.emplace(key, std::nullopt);
  } else {
    // It came after the last freeze(): no file has it.
    active_.erase(found);
  }
}

void UnpaidTable::freeze() {
  const std::lock_guard lock(mutex_);
  LEDGER_ASSERT(frozen_.empty());
  frozen_.swap(active_);
}

void UnpaidTable::forget_frozen() {
  Changes outdated;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  outdated.swap(frozen_);
}

UnpaidTable::Changes UnpaidTable::changes(const ledger::UnpaidKey& first, ledger::UnpaidKey& last,
                                          std::size_t changes_max) const {
  Changes found;
  const std::lock_guard lock(mutex_);
  // The older tier first, so that the newer one's state of a key replaces it.
  for (const Changes* tier : {&frozen_, &active_}) {
    std::size_t taken = 0;
    for (auto at = tier->lower_bound(first); at != tier->end() && at->first <= last; ++at) {
      if (taken++ == changes_max) {
        last = std::prev(at)->first;
        break;
      }
      found[at->first] = at->second;
    }
  }
  found.erase(found.upper_bound(last), found.end());
  return found;
}

}  // namespace storage
