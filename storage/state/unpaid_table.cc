#include "storage/state/unpaid_table.h"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "ledger/values/assert.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::Position;
using ledger::Result;
using ledger::UnpaidKey;
using ledger::UnpaidRegistration;

UnpaidTable::UnpaidTable(const TableContext& context) : files_(context.files) {}

void UnpaidTable::add(const UnpaidKey& key, const UnpaidRegistration& registration) {
  const MutexLock lock(mutex_);
  active_[key] = registration;
}

void UnpaidTable::remove(const UnpaidKey& key) {
  const MutexLock lock(mutex_);
  const auto found = active_.find(key);
  if (found == active_.end()) {
    active_.emplace(key, std::nullopt);
  } else {
    // It came after the last freeze(): no file has it.
    active_.erase(found);
  }
}

void UnpaidTable::freeze() {
  const MutexLock lock(mutex_);
  LEDGER_ASSERT(frozen_.empty());
  frozen_.swap(active_);
}

void UnpaidTable::write(SortedFiles& files) const {
  const std::vector<Changes::value_type> rows(frozen().begin(), frozen().end());
  files.write(StateFamily::unpaid, rows, [](const auto& row) {
    const auto& [key, registration] = row;
    return std::pair(unpaid_key(key), registration ? std::optional(encode_unpaid(*registration))
                                                   : std::optional<std::string>());
  });
}

void UnpaidTable::forget_frozen() {
  Changes outdated;  // freed outside the lock
  const MutexLock lock(mutex_);
  outdated.swap(frozen_);
}

Result<std::vector<UnpaidRegistration>> UnpaidTable::find(const UnpaidKey& after,
                                                          ledger::Date last_day,
                                                          std::size_t limit) const {
  std::vector<UnpaidRegistration> found;
  const UnpaidKey end{after.practice, last_day,
                      Position{std::numeric_limits<std::uint64_t>::max()}};
  UnpaidKey last = after;
  while (found.size() < limit && last < end) {
    const UnpaidKey first{last.practice, last.service_date, Position{last.position.value() + 1}};
    last = end;
    // Memory first: what is handed over meanwhile is then found in the files, never missed.
    Changes rows = changes(first, last, limit);
    const auto read = add_rows_of_files(first, last, limit + rows.size(), rows);
    if (!read) return read.error();
    for (const auto& [key, registration] : rows) {
      if (registration && found.size() < limit) found.push_back(*registration);
    }
  }
  return found;
}

UnpaidTable::Changes UnpaidTable::changes(const UnpaidKey& first, UnpaidKey& last,
                                          std::size_t changes_max) const {
  Changes found;
  const MutexLock lock(mutex_);
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

/// Each row of memory hides at most one of the files: so many more are read.
Result<void> UnpaidTable::add_rows_of_files(const UnpaidKey& first, const UnpaidKey& last,
                                            std::size_t rows_max, Changes& rows) const {
  const auto row = files_.rows(StateFamily::unpaid);
  std::size_t count = 0;
  for (row->Seek(unpaid_key(first)); row->Valid() && count < rows_max; row->Next(), ++count) {
    const UnpaidKey key = decode_unpaid_key(view_of(row->key()));
    if (key > last) break;
    const auto registration = decode_unpaid(view_of(row->key()), view_of(row->value()));
    if (!registration) return files_.undecodable(StateFamily::unpaid);
    rows.try_emplace(key, registration.value());
  }
  return files_.status_of(*row);
}

}  // namespace storage
