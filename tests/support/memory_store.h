#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/ports/store.h"

namespace ledger::test {

/// The ledger's state in memory: the real thing without a disk, for tests and simulation. Plain
/// maps, no threads. A copy is a snapshot.
class MemoryStore : public Store, public EntryLog {
 public:
  /// Whether the entries are remembered, as the reference needs them.
  enum class Journal { forgotten, kept };

  explicit MemoryStore(Journal journal = Journal::forgotten) : journal_(journal) {}

  Result<std::optional<Registration>> find_registration(const Fingerprint& key) override;
  Result<void> put_registration(const Fingerprint& key, const Registration* before,
                                const Registration& after) override;
  Result<std::optional<PersonId>> find_person(const EncryptedNumber& number) override;
  Result<PersonId> add_person(const EncryptedNumber& number) override;
  PersonBrief brief(PersonId person) override;
  Result<Person> load_person(PersonId person) override;
  Result<void> put_person(PersonId id, const Person& person) override;
  Result<std::vector<EncryptedNumber>> numbers_of(PersonId person) override;
  Result<void> put_numbers(PersonId person, std::vector<EncryptedNumber> numbers) override;
  Result<std::optional<KnownEvent>> find_registry_event(const Guid& id) override;
  Result<void> put_registry_event(const Guid& id, const KnownEvent& event) override;
  Result<std::optional<PracticeNumber>> find_practice(const PracticeId& id) override;
  Result<PracticeNumber> add_practice(const PracticeId& id) override;
  Result<PracticeId> practice_id(PracticeNumber number) override;
  const RegisteredPractice* registered(PracticeNumber practice) override;
  Result<void> put_registered(PracticeNumber practice, RegisteredPractice registered) override;
  Result<void> load_account(const AccountKey& key, Account& out) override;
  Result<void> put_account(const AccountKey& key, const Account& account) override;
  Result<void> remove_account(const AccountKey& key) override;
  Result<void> add_unpaid(const UnpaidKey& key, const UnpaidRegistration& registration) override;
  Result<void> remove_unpaid(const UnpaidKey& key) override;
  Result<void> record_lag(PracticeNumber practice, Date service, Date received) override;
  Result<void> record_tally(const Tally& tally) override;
  Result<void> record_events(std::span<const Event> events) override;
  Result<void> keep_statement(const StatementEntry& statement) override;
  Result<void> keep_key(const KeyEntry& key) override;
  Result<void> keep_act(const ActEntry& act) override;
  /// Keeps the group's entries.
  void begin_group(Position) override {}
  void finish_group(const CommitGroup& group) override;
  void note_durable(Position next_position) override;
  void abandon() override;

  /// The entry of an accepted item or event, after Ledger::process(), where there are no groups.
  void keep_entry(const Entry& entry);
  /// Of those that have been kept.
  Result<Entry> entry_at(Position position) const override;

  /// Those of items.
  const std::vector<ItemEntry>& entries() const { return entries_; }
  const std::map<Position, Entry>& log() const { return log_; }
  std::vector<ItemEntry> entries_of(const AccountKey& key) const;
  /// The account, empty when nothing concerns it.
  Account account(const AccountKey& key) const;
  const std::map<AccountKey, Account>& accounts() const { return accounts_; }
  const std::map<Fingerprint, Registration>& registrations() const { return registrations_; }
  const std::map<EncryptedNumber, PersonId>& persons() const { return persons_; }
  /// Of all persons, by id; the one in use first.
  const std::vector<std::vector<EncryptedNumber>>& numbers() const { return numbers_; }
  const std::map<PersonId, Person>& facts() const { return facts_; }
  const std::map<Guid, KnownEvent>& registry_events() const { return registry_events_; }
  const std::map<PracticeNumber, RegisteredPractice>& registered_practices() const {
    return registered_;
  }
  const std::map<std::string, PracticeNumber, std::less<>>& practices() const { return practices_; }
  const std::map<TimelinessKey, TimelinessMonth>& timeliness() const { return timeliness_; }
  const std::vector<Tally>& tallies() const { return tallies_; }
  const std::map<UnpaidKey, UnpaidRegistration>& unpaid() const { return unpaid_; }
  const std::vector<Event>& events() const { return events_; }
  const std::vector<StatementEntry>& statements() const { return statements_; }
  const std::vector<KeyEntry>& keys() const { return keys_; }
  const std::vector<ActEntry>& acts() const { return acts_; }
  /// What note_durable() last said.
  Position durable_until() const { return durable_until_; }
  bool is_abandoned() const { return is_abandoned_; }

 private:
  Journal journal_;
  std::map<Fingerprint, Registration> registrations_;
  std::map<EncryptedNumber, PersonId> persons_;
  std::vector<std::vector<EncryptedNumber>> numbers_;  // of all persons; zeros when erased
  std::map<PersonId, Person> facts_;
  std::map<Guid, KnownEvent> registry_events_;
  std::map<PracticeNumber, RegisteredPractice> registered_;
  std::map<std::string, PracticeNumber, std::less<>> practices_;
  std::map<AccountKey, Account> accounts_;
  std::map<TimelinessKey, TimelinessMonth> timeliness_;
  std::vector<Tally> tallies_;
  std::map<UnpaidKey, UnpaidRegistration> unpaid_;
  std::vector<Event> events_;
  std::vector<ItemEntry> entries_;
  std::map<Position, Entry> log_;
  std::vector<StatementEntry> statements_;
  std::vector<KeyEntry> keys_;
  std::vector<ActEntry> acts_;
  Position durable_until_;
  bool is_abandoned_ = false;
};

}  // namespace ledger::test
