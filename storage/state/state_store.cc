#include "storage/state/state_store.h"

#include <array>
#include <utility>

#include "ledger/values/assert.h"

namespace storage {

using ledger::AccountKey;
using ledger::EncryptedNumber;
using ledger::Fingerprint;
using ledger::PersonId;
using ledger::Position;
using ledger::PracticeId;
using ledger::PracticeNumber;
using ledger::Registration;
using ledger::Result;

StateStore::StateStore(const std::filesystem::path& folder, StateOptions options, OpenMode mode,
                       NoteFault note_fault)
    : files_(folder, options.env, mode, std::move(note_fault)),
      applied_(files_),
      tables_({files_, applied_.totals(), options}),
      hand_over_(files_, tables_, applied_, options.hand_over_items, mode) {}

StateStore::~StateStore() = default;

// ---- for the writer ----

// Each step is a loop over independent lookups, so that their cache misses overlap.
void StateStore::expect(std::span<const ledger::Lookup> lookups) {
  LEDGER_ASSERT(lookups.size() <= ledger::lookups_max);
  of<RegistrationsTable>().expect(lookups);
  std::array<PersonId, ledger::lookups_max> persons;
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    const ledger::Lookup& lookup = lookups[i];
    persons[i] = lookup.person.value() != 0 ? lookup.person
                                            : of<PersonsTable>().find_in_memory(lookup.number);
  }
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    if (persons[i].value() == 0) continue;
    of<FactsTable>().prefetch(persons[i]);
    of<AccountsTable>().prefetch({persons[i], lookups[i].year});
  }
}

Result<std::optional<Registration>> StateStore::find_registration(const Fingerprint& key) {
  return of<RegistrationsTable>().find(key);
}

Result<void> StateStore::put_registration(const Fingerprint& key, const Registration* before,
                                          const Registration& after) {
  const auto put = of<RegistrationsTable>().put(key, before, after);
  if (put) hand_over_.count_item();
  return put;
}

Result<std::optional<PersonId>> StateStore::find_person(const EncryptedNumber& number) {
  return of<PersonsTable>().find(number);
}

Result<PersonId> StateStore::add_person(const EncryptedNumber& number) {
  return of<PersonsTable>().add(number);
}

ledger::PersonBrief StateStore::brief(PersonId person) { return of<FactsTable>().brief(person); }

Result<ledger::Person> StateStore::load_person(PersonId person) {
  return of<FactsTable>().load(person);
}

Result<void> StateStore::put_person(PersonId id, const ledger::Person& person) {
  const auto put = of<FactsTable>().put(id, person);
  if (put) hand_over_.count_item();
  return put;
}

Result<std::vector<EncryptedNumber>> StateStore::numbers_of(PersonId person) {
  return numbers(person);
}

Result<void> StateStore::put_numbers(PersonId person, std::vector<EncryptedNumber> numbers) {
  of<PersonsTable>().put_numbers(person, std::move(numbers));
  return ledger::ok();
}

Result<std::optional<ledger::KnownEvent>> StateStore::find_registry_event(const ledger::Guid& id) {
  return of<RegistryEventsTable>().find(id);
}

Result<void> StateStore::put_registry_event(const ledger::Guid& id,
                                            const ledger::KnownEvent& event) {
  of<RegistryEventsTable>().put(id, event);
  return ledger::ok();
}

Result<std::optional<PracticeNumber>> StateStore::find_practice(const PracticeId& id) {
  return of<PracticesTable>().find(id);
}

Result<PracticeNumber> StateStore::add_practice(const PracticeId& id) {
  const auto number = of<PracticesTable>().add(id);
  if (!number) return number;
  const auto refusals = of<RefusalsTable>().take(id);
  if (!refusals) return refusals.error();
  const auto counted = of<TimelinessTable>().record_refusals(number.value(), refusals.value());
  if (!counted) return counted.error();
  return number;
}

Result<PracticeId> StateStore::practice_id(PracticeNumber number) {
  return of<PracticesTable>().find_id(number);
}

const ledger::RegisteredPractice* StateStore::registered(PracticeNumber practice) {
  return of<PracticesTable>().registered(practice);
}

Result<void> StateStore::put_registered(PracticeNumber practice,
                                        ledger::RegisteredPractice registered) {
  of<PracticesTable>().put_registered(practice, std::move(registered));
  hand_over_.count_item();
  return ledger::ok();
}

Result<void> StateStore::load_account(const AccountKey& key, ledger::Account& out) {
  return of<AccountsTable>().load(key, out);
}

Result<void> StateStore::put_account(const AccountKey& key, const ledger::Account& account) {
  return of<AccountsTable>().put(key, account);
}

Result<void> StateStore::remove_account(const AccountKey& key) {
  of<AccountsTable>().remove(key);
  return ledger::ok();
}

Result<void> StateStore::add_unpaid(const ledger::UnpaidKey& key,
                                    const ledger::UnpaidRegistration& registration) {
  of<UnpaidTable>().add(key, registration);
  return ledger::ok();
}

Result<void> StateStore::remove_unpaid(const ledger::UnpaidKey& key) {
  of<UnpaidTable>().remove(key);
  return ledger::ok();
}

Result<void> StateStore::record_lag(PracticeNumber practice, ledger::Date service,
                                    ledger::Date received) {
  auto& practices = of<PracticesTable>();
  const auto recorded =
      of<TimelinessTable>().record_lag(practice, practices.id_of(practice), service, received);
  if (!recorded) return recorded;
  practices.note_received(practice, received);
  return ledger::ok();
}

Result<void> StateStore::record_tally(const ledger::Tally& tally) {
  const bool has_practice = !tally.practice.view().empty();
  std::optional<PracticeNumber> practice;
  if (has_practice) practice = of<PracticesTable>().find(tally.practice);
  const auto recorded = of<TimelinessTable>().record_tally(tally, practice);
  if (!recorded) return recorded;
  // What is refused gives no practice a number.
  if (has_practice && !practice) {
    const auto kept = of<RefusalsTable>().record(tally);
    if (!kept) return kept;
  }
  hand_over_.count_item();
  return ledger::ok();
}

Result<void> StateStore::record_events(std::span<const ledger::Event> events) {
  return of<EventsTable>().record(events);
}

Result<void> StateStore::keep_statement(const ledger::StatementEntry& statement) {
  of<NotesTable>().add(statement);
  return ledger::ok();
}

Result<void> StateStore::keep_key(const ledger::KeyEntry& key) {
  of<NotesTable>().add(key);
  return ledger::ok();
}

Result<void> StateStore::keep_act(const ledger::ActEntry& act) {
  of<NotesTable>().add(act);
  return ledger::ok();
}

std::optional<std::array<std::uint8_t, 16>> StateStore::checksum() const {
  return applied_.checksum();
}

// ---- groups and hand-over ----

namespace {

/// Whether nothing else of a group counts for a hand-over: then the files would never learn how far
/// the journal has been applied.
bool moves_position_only(const ledger::CommitGroup& group) {
  if (group.entries.empty()) return group.tallies.empty();
  return item_of(group.entries.front()) == nullptr;  // notes come first
}

}  // namespace

void StateStore::begin_group(Position position) {
  hand_over_.thaw_some();
  applied_.begin_group(position);
}

void StateStore::finish_group(const ledger::CommitGroup& group) {
  of<RegistrationsTable>().finish_group();
  of<TimelinessTable>().finish_group();
  applied_.finish_group(group);
  if (moves_position_only(group)) hand_over_.count_item();
  hand_over_.begin_if_due();
}

void StateStore::note_durable(Position next_position) { hand_over_.note_durable(next_position); }

void StateStore::abandon() { hand_over_.abandon(); }

void StateStore::begin_hand_over() { hand_over_.begin(); }

Result<void> StateStore::await_hand_over() { return hand_over_.await(); }

std::string StateStore::failure() const { return hand_over_.failure(); }

// ---- the files ----

Result<void> StateStore::check_files(const std::function<bool()>& stop) const {
  return files_.database().check_files(stop);
}

void StateStore::copy_files(const std::filesystem::path& folder) const {
  files_.database().copy_to(folder);
}

std::uint32_t StateStore::back_up(DatabaseBackups& backups,
                                  const DatabaseBackups::OnBytes& on_bytes) const {
  return backups.add(files_.database(), on_bytes);
}

std::string StateStore::damage() const { return files_.damage(); }

// ---- for readers ----

AppliedState StateStore::head() const { return applied_.head(); }

Result<std::optional<Registration>> StateStore::registration_in_memory(
    const Fingerprint& key) const {
  return of<RegistrationsTable>().find_in_memory(key);
}

Result<std::optional<Registration>> StateStore::registration_in_files(
    const Fingerprint& key) const {
  return of<RegistrationsTable>().find_in_files(key);
}

Result<std::optional<PersonId>> StateStore::person_of(const EncryptedNumber& number) const {
  return of<PersonsTable>().person_of(number);
}

Result<std::vector<EncryptedNumber>> StateStore::numbers(PersonId person) const {
  auto numbers = of<PersonsTable>().numbers_of(person);
  if (numbers) std::erase(numbers.value(), EncryptedNumber());
  return numbers;
}

ledger::PersonBrief StateStore::person_brief(PersonId person) const {
  return of<FactsTable>().find_brief(person);
}

Result<ledger::Person> StateStore::person(PersonId id) const { return of<FactsTable>().find(id); }

std::shared_ptr<const ledger::RegisteredPractice> StateStore::registered_practice(
    PracticeNumber practice) const {
  return of<PracticesTable>().find_registered(practice);
}

Result<ledger::Account> StateStore::account(const AccountKey& key) const {
  return of<AccountsTable>().find(key);
}

Result<ledger::AccountBrief> StateStore::account_brief(const AccountKey& key) const {
  return of<AccountsTable>().find_brief(key);
}

Result<ledger::TimelinessMonth> StateStore::timeliness(const ledger::TimelinessKey& key) const {
  return of<TimelinessTable>().find(key);
}

Result<ledger::Refusals> StateStore::refusals(const PracticeId& practice) const {
  return of<RefusalsTable>().find(practice);
}

std::optional<PracticeNumber> StateStore::practice_number(const PracticeId& id) const {
  return of<PracticesTable>().number_of(id);
}

std::vector<ledger::Practice> StateStore::practices() const { return of<PracticesTable>().all(); }

Result<PracticeId> StateStore::practice_identifier(PracticeNumber number) const {
  return of<PracticesTable>().identifier_of(number);
}

Result<std::vector<ledger::UnpaidRegistration>> StateStore::unpaid(const ledger::UnpaidKey& after,
                                                                   ledger::Date last_day,
                                                                   std::size_t limit) const {
  return of<UnpaidTable>().find(after, last_day, limit);
}

std::vector<ledger::StatementEntry> StateStore::statements(int year) const {
  return of<NotesTable>().statements(year);
}

std::vector<ledger::KeyEntry> StateStore::keys() const { return of<NotesTable>().keys(); }

std::vector<ledger::ActEntry> StateStore::newest_acts(std::size_t most) const {
  return of<NotesTable>().newest_acts(most);
}

Result<bool> StateStore::has_event(Position cause, std::uint32_t ordinal) const {
  return of<EventsTable>().has(cause, ordinal);
}

Result<std::vector<std::pair<std::uint32_t, ledger::Event>>> StateStore::events(
    Position after_cause, std::uint32_t after_ordinal, std::size_t limit) const {
  return of<EventsTable>().find(after_cause, after_ordinal, limit);
}

}  // namespace storage
