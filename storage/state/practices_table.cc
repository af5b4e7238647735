#include "storage/state/practices_table.h"

#include <rocksdb/iterator.h>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::Errc;
using ledger::PracticeId;
using ledger::PracticeNumber;
using ledger::Result;

PracticesTable::PracticesTable(const TableContext& context)
    : practices_max_(context.options.practices_max), totals_(context.totals) {
  load(context.files);
}

void PracticesTable::load(const StateFiles& files) {
  const ExclusiveLock lock(mutex_);
  practices_.emplace_back();  // the nation
  registered_.emplace_back();
  const auto row = files.rows(StateFamily::practices);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    auto practice = decode_practice(view_of(row->value()));
    const PracticeNumber number = decode_practice_key(view_of(row->key()));
    if (!practice || number.value() != practices_.size()) {
      throw DamagedState("the practices of the state are damaged");
    }
    auto& [stored_number, known, registered] = practice.value();
    if (registered && stored_number != number) {
      throw DamagedState("the practices of the state are damaged");
    }
    numbers_.emplace(known.id, number);
    practices_.push_back(known);
    registered_.emplace_back();
    if (registered) {
      set_registered(number,
                     std::make_shared<const ledger::RegisteredPractice>(std::move(*registered)));
    }
  }
  if (!files.status_of(*row)) files.refuse("cannot read the practices of the state");
  is_changed_.assign(practices_.size(), false);
}

std::optional<PracticeNumber> PracticesTable::number_of(const PracticeId& id) const {
  const SharedLock lock(mutex_);
  return find_number(id);
}

std::optional<PracticeNumber> PracticesTable::find_number(const PracticeId& id) const {
  const auto found = numbers_.find(id);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

Result<PracticeNumber> PracticesTable::add(const PracticeId& id) {
  const ExclusiveLock lock(mutex_);
  if (practices_.size() > practices_max_) return Errc::overloaded;
  const PracticeNumber number{static_cast<std::uint32_t>(practices_.size())};
  numbers_.emplace(id, number);
  practices_.push_back({id, {}, {}, 0});
  registered_.emplace_back();
  is_changed_.push_back(true);
  return number;
}

Result<PracticeId> PracticesTable::find_id(PracticeNumber number) const {
  if (number.value() == 0 || number.value() >= practices_.size()) return Errc::corrupt_record;
  return practices_[number.value()].id;
}

Result<PracticeId> PracticesTable::identifier_of(PracticeNumber number) const {
  const SharedLock lock(mutex_);
  return find_id(number);
}

std::vector<ledger::Practice> PracticesTable::all() const {
  const SharedLock lock(mutex_);
  return practices_;
}

bool PracticesTable::is_new_day(PracticeNumber number, ledger::Date received) const {
  const ledger::Practice& practice = practices_[number.value()];
  return practice.last_received < received || practice.active_days == 0;
}

void PracticesTable::note_received(PracticeNumber number, ledger::Date received) {
  if (!is_new_day(number, received)) return;
  const ExclusiveLock lock(mutex_);
  practices_[number.value()].note_received(received);
  is_changed_[number.value()] = true;
}

/// By the practice's own identifier: its number depends on how items were grouped.
void PracticesTable::add_to_checksum(PracticeNumber number, bool is_added) {
  const ledger::RegisteredPractice* const known = registered(number);
  if (known == nullptr) return;
  std::string content;
  encode_practice_content(known->event, content);
  const std::string_view id = id_of(number).view();
  if (is_added) {
    totals_.checksum.add("p", id, content);
  } else {
    totals_.checksum.remove("p", id, content);
  }
}

namespace {

std::vector<PracticeIdentity> identities_of(const ledger::PracticeEvent& event) {
  std::vector<PracticeIdentity> identities;
  for (const std::string& number : event.organisation_numbers) {
    identities.push_back({PracticeIdentity::Kind::organisation, number});
  }
  for (const std::string& number : event.hpr_numbers) {
    identities.push_back({PracticeIdentity::Kind::practitioner, number});
  }
  for (const ledger::EncryptedNumber& number : event.practitioners) {
    identities.push_back(PracticeIdentity::of(number));
  }
  return identities;
}

}  // namespace

/// The identities of the event before lead there no more.
void PracticesTable::set_registered(PracticeNumber number,
                                    std::shared_ptr<const ledger::RegisteredPractice> registered) {
  auto& known = registered_[number.value()];
  if (known) {
    for (const PracticeIdentity& identity : identities_of(known->event)) {
      const auto found = identities_.find(identity);
      if (found == identities_.end()) continue;  // it stood there twice
      found->second.erase(number);
      if (found->second.empty()) identities_.erase(found);
    }
  }
  known = std::move(registered);
  for (const PracticeIdentity& identity : identities_of(known->event)) {
    identities_[identity].insert(number);
  }
}

std::vector<PracticeId> PracticesTable::with(const PracticeIdentity& identity) const {
  std::vector<PracticeId> found;
  const SharedLock lock(mutex_);
  const auto numbers = identities_.find(identity);
  if (numbers == identities_.end()) return found;
  for (const PracticeNumber number : numbers->second) {
    found.push_back(practices_[number.value()].id);
  }
  return found;
}

void PracticesTable::put_registered(PracticeNumber number, ledger::RegisteredPractice registered) {
  add_to_checksum(number, false);
  {
    const ExclusiveLock lock(mutex_);
    set_registered(number,
                   std::make_shared<const ledger::RegisteredPractice>(std::move(registered)));
    is_changed_[number.value()] = true;
  }
  add_to_checksum(number, true);
}

std::shared_ptr<const ledger::RegisteredPractice> PracticesTable::find_registered(
    PracticeNumber number) const {
  const SharedLock lock(mutex_);
  return number.value() < registered_.size() ? registered_[number.value()] : nullptr;
}

void PracticesTable::freeze() {
  const ExclusiveLock lock(mutex_);
  for (std::uint32_t i = 1; i < practices_.size(); ++i) {
    if (!is_changed_[i]) continue;
    frozen_.push_back({PracticeNumber{i}, practices_[i], registered_[i]});
    is_changed_[i] = false;
  }
}

void PracticesTable::write(SortedFiles& files) const {
  files.write(StateFamily::practices, frozen_, [](const auto& row) {
    return std::pair(practice_key(row.number),
                     encode_practice(row.number, row.practice, row.registered.get()));
  });
}

}  // namespace storage
