#include "storage/state/persons_table.h"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <bit>
#include <new>
#include <utility>
#include <vector>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"
#include "storage/state/stored_row_internal.h"

namespace storage {

using ledger::EncryptedNumber;
using ledger::Errc;
using ledger::PersonId;
using ledger::Result;

namespace {

/// For thirty million numbers, and at first for a million.
constexpr std::size_t known_bytes_max = std::size_t{64} << 20;
constexpr std::size_t known_first_bytes = std::size_t{2} << 20;

ledger::Fingerprint fingerprint_of(const EncryptedNumber& number) {
  return std::bit_cast<ledger::Fingerprint>(number.bytes);
}

}  // namespace

PersonsTable::PersonsTable(const TableContext& context)
    : files_(context.files),
      totals_(context.totals),
      persons_(context.options.cached_persons_max),
      known_(known_bytes_max, context.totals.persons, known_first_bytes),
      person_count_(context.totals.persons),
      first_new_(context.totals.persons + 1) {
  load_known();
}

void PersonsTable::load_known() {
  const ExclusiveLock lock(known_mutex_);
  const auto row = files_.rows(StateFamily::numbers);
  for (row->SeekToFirst(); row->Valid() && are_all_in_filter_; row->Next()) {
    add_known(decode_number_key(view_of(row->key())));
  }
  if (!files_.status_of(*row)) files_.refuse("cannot read the numbers of persons");
}

void PersonsTable::add_known(const EncryptedNumber& number) {
  try {
    are_all_in_filter_ = are_all_in_filter_ && known_.add(fingerprint_of(number));
  } catch (const std::bad_alloc&) {
    are_all_in_filter_ = false;
  }
}

bool PersonsTable::may_be_known(const EncryptedNumber& number) const {
  const SharedLock lock(known_mutex_);
  return !are_all_in_filter_ || known_.may_contain(fingerprint_of(number));
}

Result<std::optional<PersonId>> PersonsTable::person_of(const EncryptedNumber& number) const {
  std::optional<PersonId> person;
  if (!may_be_known(number)) return person;
  if (persons_.visit(number, [&](PersonId id) { person = id; })) return person;
  return stored_row(files_, StateFamily::numbers, number_key(number), decode_person_id);
}

PersonId PersonsTable::stand_in_for(const EncryptedNumber& number) const {
  const SharedLock lock(known_mutex_);
  if (person_count_ == 0) return {};
  return PersonId{1 + fingerprint_of(number).low % person_count_};
}

Result<std::vector<EncryptedNumber>> PersonsTable::numbers_of(PersonId person) const {
  {
    const MutexLock lock(new_mutex_);
    for (const auto* const changed : {&changed_, &frozen_changed_}) {
      if (const auto found = changed->find(person); found != changed->end()) return found->second;
    }
    if (person >= first_new_) {
      const std::uint64_t index = person.value() - first_new_.value();
      if (index >= new_numbers_.size()) return Errc::corrupt_record;
      return Numbers{new_numbers_[index]};
    }
  }
  auto numbers = stored_row(files_, StateFamily::persons, person_key(person), decode_numbers);
  if (!numbers) return numbers.error();
  if (!numbers.value()) return Errc::corrupt_record;
  return std::move(*numbers.value());
}

Result<std::optional<PersonId>> PersonsTable::find(const EncryptedNumber& number) {
  if (const PersonId* const person = persons_.find(number); person != nullptr) {
    return std::optional<PersonId>(*person);
  }
  const auto person = person_of(number);
  if (person && person.value()) persons_.remember(number, *person.value());
  return person;
}

Result<PersonId> PersonsTable::add(const EncryptedNumber& number) {
  if (totals_.persons == ledger::person_max.value()) {
    return files_.database().unstorable("person: number");
  }
  const PersonId person{++totals_.persons};
  put(number, person);
  const MutexLock lock(new_mutex_);
  new_numbers_.push_back(number);
  return person;
}

/// Nothing leads from an erased number.
void PersonsTable::put(const EncryptedNumber& number, PersonId person) {
  {
    const ExclusiveLock lock(known_mutex_);
    person_count_ = totals_.persons;
    if (number == EncryptedNumber()) return;
    // Before the row: whoever could find it must not be told that there is none.
    add_known(number);
  }
  persons_.put(number, person);
}

void PersonsTable::put_numbers(PersonId person, Numbers numbers) {
  for (const EncryptedNumber& number : numbers) {
    const PersonId* const known = persons_.find(number);
    const bool leads_there = known != nullptr && *known == person;
    if (!leads_there) put(number, person);
  }
  const MutexLock lock(new_mutex_);
  changed_[person] = std::move(numbers);
}

void PersonsTable::freeze() {
  persons_.freeze();
  last_frozen_ = PersonId{totals_.persons};
  const MutexLock lock(new_mutex_);
  frozen_changed_.swap(changed_);
}

void PersonsTable::write(SortedFiles& files) const {
  const auto numbers = persons_.frozen_rows();
  files.write(StateFamily::numbers, numbers, [](const auto& row) {
    return std::pair(number_key(row.first), encode_person_id(*row.second));
  });
  const auto changed = frozen_persons();
  const std::vector<std::pair<PersonId, Numbers>> persons(changed.begin(), changed.end());
  files.write(StateFamily::persons, persons, [](const auto& row) {
    return std::pair(person_key(row.first), encode_numbers(row.second));
  });
}

/// Those whose number has been erased, too.
std::map<PersonId, std::vector<EncryptedNumber>> PersonsTable::frozen_persons() const {
  const MutexLock lock(new_mutex_);
  std::map<PersonId, Numbers> persons = frozen_changed_;
  for (std::uint64_t id = first_new_.value(); id <= last_frozen_.value(); ++id) {
    persons.try_emplace(PersonId{id}, Numbers{new_numbers_[id - first_new_.value()]});
  }
  return persons;
}

void PersonsTable::forget_frozen() {
  const MutexLock lock(new_mutex_);
  const auto count = last_frozen_.value() + 1 - first_new_.value();
  new_numbers_.erase(new_numbers_.begin(),
                     new_numbers_.begin() + static_cast<std::ptrdiff_t>(count));
  first_new_ = PersonId{last_frozen_.value() + 1};
  frozen_changed_.clear();
}

}  // namespace storage
