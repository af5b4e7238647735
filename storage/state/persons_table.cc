#include "storage/state/persons_table.h"

#include <rocksdb/slice.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::EncryptedNumber;
using ledger::Errc;
using ledger::PersonId;
using ledger::Result;

PersonsTable::PersonsTable(const TableContext& context)
    : files_(context.files),
      totals_(context.totals),
      persons_(context.options.cached_persons_max),
      first_new_(context.totals.persons + 1) {}

Result<std::optional<PersonId>> PersonsTable::person_of(const EncryptedNumber& number) const {
  std::optional<PersonId> person;
  if (persons_.visit(number, [&](PersonId id) { person = id; })) return person;
  rocksdb::PinnableSlice value;
  const auto found = files_.get(StateFamily::numbers, number_key(number), value);
  if (!found) return found.error();
  if (!found.value()) return person;
  const auto decoded = decode_person_id(view_of(value));
  if (!decoded) return files_.undecodable(StateFamily::numbers);
  return std::optional<PersonId>(decoded.value());
}

Result<EncryptedNumber> PersonsTable::number_of(PersonId person) const {
  {
    const MutexLock lock(new_mutex_);
    if (person >= first_new_) {
      const std::uint64_t index = person.value() - first_new_.value();
      if (index >= new_numbers_.size()) return Errc::corrupt_record;
      return new_numbers_[index];
    }
  }
  rocksdb::PinnableSlice value;
  const auto found = files_.get(StateFamily::persons, person_key(person), value);
  if (!found) return found.error();
  EncryptedNumber number;
  if (!found.value() || value.size() != number.bytes.size()) return Errc::corrupt_record;
  std::memcpy(number.bytes.data(), value.data(), value.size());
  return number;
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
  if (number != EncryptedNumber()) persons_.put(number, person);
  const MutexLock lock(new_mutex_);
  new_numbers_.push_back(number);
  return person;
}

void PersonsTable::freeze() {
  persons_.freeze();
  last_frozen_ = PersonId{totals_.persons};
}

void PersonsTable::write(SortedFiles& files) const {
  const auto numbers = persons_.frozen_rows();
  files.write(StateFamily::numbers, numbers, [](const auto& row) {
    return std::pair(number_key(row.first), encode_person_id(*row.second));
  });
  const std::vector<std::pair<PersonId, EncryptedNumber>> persons = frozen_persons();
  files.write(StateFamily::persons, persons, [](const auto& row) {
    return std::pair(person_key(row.first), number_key(row.second));
  });
}

/// Those whose number has been erased, too.
std::vector<std::pair<PersonId, EncryptedNumber>> PersonsTable::frozen_persons() const {
  std::vector<std::pair<PersonId, EncryptedNumber>> persons;
  const MutexLock lock(new_mutex_);
  for (std::uint64_t id = first_new_.value(); id <= last_frozen_.value(); ++id) {
    persons.emplace_back(PersonId{id}, new_numbers_[id - first_new_.value()]);
  }
  return persons;
}

void PersonsTable::forget_frozen() {
  const MutexLock lock(new_mutex_);
  const auto count = last_frozen_.value() + 1 - first_new_.value();
  new_numbers_.erase(new_numbers_.begin(),
                     new_numbers_.begin() + static_cast<std::ptrdiff_t>(count));
  first_new_ = PersonId{last_frozen_.value() + 1};
}

}  // namespace storage
