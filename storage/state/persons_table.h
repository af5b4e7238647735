#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/bytes/format.h"
#include "storage/state/fingerprint_filter.h"
#include "storage/state/table_context.h"
#include "storage/state/thread_safety.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// The persons, two families: encrypted number to id and back. Several numbers may lead to a
/// person. A number that leads to nobody is told from memory: to ask the files in vain takes longer
/// than to find a number in memory, and would tell who has never been heard of.
///
/// Concurrency: the writer; the thread that hands over; person_of(), stand_in_for() and
/// numbers_of() from any thread.
class PersonsTable {
 public:
  /// Reads which numbers there are. Throws DamagedState, or std::runtime_error when they cannot be
  /// read.
  explicit PersonsTable(const TableContext& context);

  // For the writer.
  /// The person if memory has it; 0 when not.
  ledger::PersonId find_in_memory(const ledger::EncryptedNumber& number) const {
    const ledger::PersonId* const person = persons_.find(number);
    return person == nullptr ? ledger::PersonId() : *person;
  }
  ledger::Result<std::optional<ledger::PersonId>> find(const ledger::EncryptedNumber& number);
  ledger::Result<ledger::PersonId> add(const ledger::EncryptedNumber& number);
  /// From now on these lead to this person, the first is in use.
  void put_numbers(ledger::PersonId person, std::vector<ledger::EncryptedNumber> numbers);
  void freeze();
  void thaw_stripe(std::size_t stripe) { persons_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen();

  // For readers.
  ledger::Result<std::optional<ledger::PersonId>> person_of(
      const ledger::EncryptedNumber& number) const;
  /// Somebody, always the same while nobody is added; 0 while there is nobody.
  ledger::PersonId stand_in_for(const ledger::EncryptedNumber& number) const;
  /// Those that have been erased read as zeros.
  ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(ledger::PersonId person) const;

 private:
  using Numbers = std::vector<ledger::EncryptedNumber>;
  struct Hash {
    std::size_t operator()(const ledger::EncryptedNumber& key) const {
      std::uint64_t value = 0;
      std::memcpy(&value, key.bytes.data(), sizeof value);
      return value;
    }
  };

  std::map<ledger::PersonId, Numbers> frozen_persons() const;
  void load_known();
  void add_known(const ledger::EncryptedNumber& number) REQUIRES(known_mutex_);
  bool may_be_known(const ledger::EncryptedNumber& number) const;
  void put(const ledger::EncryptedNumber& number, ledger::PersonId person);

  const StateFiles& files_;
  StateTotals& totals_;
  WriteBehind<ledger::EncryptedNumber, ledger::PersonId, Hash> persons_;
  ledger::PersonId last_frozen_;  // changed by freeze() only

  mutable SharedMutex known_mutex_;
  /// All numbers that there ever were.
  FingerprintFilter known_ GUARDED_BY(known_mutex_);
  bool are_all_in_filter_ GUARDED_BY(known_mutex_) = true;  ///< false: there was no room
  std::uint64_t person_count_ GUARDED_BY(known_mutex_);

  mutable Mutex new_mutex_;
  /// Of the persons that are not in the files yet, in the order of their ids.
  std::deque<ledger::EncryptedNumber> new_numbers_ GUARDED_BY(new_mutex_);
  ledger::PersonId first_new_ GUARDED_BY(new_mutex_);
  /// Of the persons whose numbers have changed since they were introduced.
  std::map<ledger::PersonId, Numbers> changed_ GUARDED_BY(new_mutex_);
  std::map<ledger::PersonId, Numbers> frozen_changed_ GUARDED_BY(new_mutex_);
};

}  // namespace storage
