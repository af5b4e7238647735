#include "tests/support/memory_store.h"

#include "ledger/values/assert.h"

namespace ledger::test {

namespace {

template <class Map, class Key>
std::optional<typename Map::mapped_type> find_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Result<std::optional<Registration>> MemoryStore::find_registration(const Fingerprint& key) {
  return find_in(registrations_, key);
}

Result<void> MemoryStore::put_registration(const Fingerprint& key, const Registration* before,
                                           const Registration& after) {
  const auto kept = find_in(registrations_, key);
  // The caller shows what it read: a store that keeps differences relies on it.
  LEDGER_ASSERT(kept.has_value() == (before != nullptr));
  LEDGER_ASSERT(!kept || *kept == *before);
  registrations_[key] = after;
  return ok();
}

Result<std::optional<PersonId>> MemoryStore::find_person(const EncryptedNumber& number) {
  return find_in(persons_, number);
}

Result<PersonId> MemoryStore::add_person(const EncryptedNumber& number) {
  const PersonId id{numbers_.size() + 1};
  LEDGER_ASSERT(number == EncryptedNumber() || !find_in(persons_, number));
  numbers_.push_back({number});
  if (number != EncryptedNumber()) persons_.emplace(number, id);
  return id;
}

PersonBrief MemoryStore::brief(PersonId person) {
  return find_in(facts_, person).value_or(Person()).brief();
}

Result<Person> MemoryStore::load_person(PersonId person) {
  return find_in(facts_, person).value_or(Person());
}

Result<void> MemoryStore::put_person(PersonId id, const Person& person) {
  facts_[id] = person;
  return ok();
}

Result<std::vector<EncryptedNumber>> MemoryStore::numbers_of(PersonId person) {
  if (person.value() == 0 || person.value() > numbers_.size()) return Errc::corrupt_record;
  auto numbers = numbers_[person.value() - 1];
  std::erase(numbers, EncryptedNumber());
  return numbers;
}

Result<void> MemoryStore::put_numbers(PersonId person, std::vector<EncryptedNumber> numbers) {
  for (const EncryptedNumber& number : numbers) persons_[number] = person;
  numbers_[person.value() - 1] = std::move(numbers);
  return ok();
}

Result<std::optional<KnownEvent>> MemoryStore::find_registry_event(const Guid& id) {
  return find_in(registry_events_, id);
}

Result<void> MemoryStore::put_registry_event(const Guid& id, const KnownEvent& event) {
  LEDGER_ASSERT(registry_events_.emplace(id, event).second);
  return ok();
}

const RegisteredPractice* MemoryStore::registered(PracticeNumber practice) {
  const auto found = registered_.find(practice);
  return found == registered_.end() ? nullptr : &found->second;
}

Result<void> MemoryStore::put_registered(PracticeNumber practice, RegisteredPractice registered) {
  registered_[practice] = std::move(registered);
  return ok();
}

Result<std::optional<PracticeNumber>> MemoryStore::find_practice(const PracticeId& id) {
  return find_in(practices_, id.view());
}

Result<PracticeNumber> MemoryStore::add_practice(const PracticeId& id) {
  const PracticeNumber number{static_cast<std::uint32_t>(practices_.size() + 1)};
  LEDGER_ASSERT(practices_.emplace(id.view(), number).second);
  return number;
}

Result<PracticeId> MemoryStore::practice_id(PracticeNumber number) {
  for (const auto& [digits, known] : practices_) {
    PracticeId id;
    if (known == number && PracticeId::parse(digits, id)) return id;
  }
  return Errc::corrupt_record;
}

Result<void> MemoryStore::load_account(const AccountKey& key, Account& out) {
  const auto found = accounts_.find(key);
  if (found == accounts_.end()) {
    out.clear();
  } else {
    out = found->second;
  }
  return ok();
}

Result<void> MemoryStore::put_account(const AccountKey& key, const Account& account) {
  accounts_[key] = account;
  return ok();
}

Result<void> MemoryStore::remove_account(const AccountKey& key) {
  LEDGER_ASSERT(accounts_.erase(key) == 1);
  return ok();
}

Result<void> MemoryStore::add_unpaid(const UnpaidKey& key, const UnpaidRegistration& registration) {
  LEDGER_ASSERT(unpaid_.emplace(key, registration).second);
  return ok();
}

Result<void> MemoryStore::remove_unpaid(const UnpaidKey& key) {
  LEDGER_ASSERT(unpaid_.erase(key) == 1);
  return ok();
}

Result<void> MemoryStore::record_lag(PracticeNumber practice, Date service, Date received) {
  const std::uint32_t lag = lag_days(service, received);
  for (const PracticeNumber whose : {practice, nation}) {
    timeliness_[{whose, Basis::received, month_of(received)}].add_lag(lag);
    timeliness_[{whose, Basis::service, month_of(service)}].add_lag(lag);
  }
  return ok();
}

Result<void> MemoryStore::record_tally(const Tally& tally) {
  tallies_.push_back(tally);
  return ok();
}

Result<void> MemoryStore::record_events(std::span<const Event> events) {
  events_.insert(events_.end(), events.begin(), events.end());
  return ok();
}

Result<void> MemoryStore::keep_statement(const StatementEntry& statement) {
  statements_.push_back(statement);
  return ok();
}

Result<void> MemoryStore::keep_key(const KeyEntry& key) {
  keys_.push_back(key);
  return ok();
}

Result<void> MemoryStore::keep_act(const ActEntry& act) {
  acts_.push_back(act);
  return ok();
}

void MemoryStore::finish_group(const CommitGroup& group) {
  for (const Entry& entry : group.entries) {
    keep_entry(entry);
  }
}

void MemoryStore::note_durable(Position next_position) {
  LEDGER_ASSERT(!is_abandoned_);
  LEDGER_ASSERT(next_position >= durable_until_);
  durable_until_ = next_position;
}

void MemoryStore::abandon() { is_abandoned_ = true; }

void MemoryStore::keep_entry(const Entry& entry) {
  if (journal_ == Journal::forgotten) return;
  log_[position_of(entry)] = entry;
  if (const ItemEntry* const item = item_of(entry)) entries_.push_back(*item);
}

Result<Entry> MemoryStore::entry_at(Position position) const {
  const auto found = find_in(log_, position);
  if (!found) return Errc::corrupt_record;
  return *found;
}

std::vector<ItemEntry> MemoryStore::entries_of(const AccountKey& key) const {
  // A payment or credit note says nothing of the service: its year is that of the co-payment.
  std::map<Fingerprint, int> years;
  std::vector<ItemEntry> found;
  for (const ItemEntry& entry : entries_) {
    if (entry.item.type == ItemType::copayment) {
      years[entry.item.fingerprint] = year_of(oslo_date(entry.item.service_time));
    }
    if (entry.person == key.person && years.at(entry.item.fingerprint) == key.year) {
      found.push_back(entry);
    }
  }
  return found;
}

Account MemoryStore::account(const AccountKey& key) const {
  return find_in(accounts_, key).value_or(Account());
}

}  // namespace ledger::test
