#pragma once

#include <optional>
#include <span>

#include "ledger/ports/journal.h"
#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/person.h"
#include "ledger/records/registration.h"
#include "ledger/records/timeliness.h"
#include "ledger/values/result.h"

namespace ledger {

/// What deciding an item will look up.
struct Lookup {
  Fingerprint registration;
  EncryptedNumber number;  ///< whose person is looked up when `person` is 0
  PersonId person;
  int year = 0;  ///< of the account
};

/// The most lookups that expect() takes at once.
inline constexpr std::size_t lookups_max = 32;

/// The state that the rules read and change. A single writer uses it, so an implementation needs no
/// transactions. The next read sees a change at once. The implementation decides what makes changes
/// durable, and when others see them.
class Store {
 public:
  virtual ~Store() = default;

  /// The caller makes these lookups next, in this order, with changes between them. A store may
  /// read ahead.
  virtual void expect(std::span<const Lookup> /*lookups*/) {}

  virtual Result<std::optional<Registration>> find_registration(const Fingerprint& key) = 0;
  /// `before` is what find_registration() gave, null for a new one.
  virtual Result<void> put_registration(const Fingerprint& key, const Registration* before,
                                        const Registration& after) = 0;

  virtual Result<std::optional<PersonId>> find_person(const EncryptedNumber& number) = 0;
  /// A number of zeros has been erased: it leads to nobody.
  virtual Result<PersonId> add_person(const EncryptedNumber& number) = 0;
  virtual PersonBrief brief(PersonId person) = 0;
  virtual Result<Person> load_person(PersonId person) = 0;
  /// Follows a load_person() of the same one.
  virtual Result<void> put_person(PersonId id, const Person& person) = 0;
  /// All that lead to this person, the one in use first. Without those that have been erased.
  virtual Result<std::vector<EncryptedNumber>> numbers_of(PersonId person) = 0;
  /// From now on these lead to this person, in the order of numbers_of().
  virtual Result<void> put_numbers(PersonId person, std::vector<EncryptedNumber> numbers) = 0;

  /// Events of the registries of persons and of practices, by their ids.
  virtual Result<std::optional<KnownEvent>> find_registry_event(const Guid& id) = 0;
  virtual Result<void> put_registry_event(const Guid& id, const KnownEvent& event) = 0;

  virtual Result<std::optional<PracticeNumber>> find_practice(const PracticeId& id) = 0;
  virtual Result<PracticeNumber> add_practice(const PracticeId& id) = 0;
  virtual Result<PracticeId> practice_id(PracticeNumber number) = 0;
  /// What the registry has said of the practice last; null when it has said nothing. Valid until
  /// the next change.
  virtual const RegisteredPractice* registered(PracticeNumber practice) = 0;
  virtual Result<void> put_registered(PracticeNumber practice, RegisteredPractice registered) = 0;

  /// Fills `out` (empty for an account that does not exist), reusing its memory.
  virtual Result<void> load_account(const AccountKey& key, Account& out) = 0;
  /// Follows a load_account() of the same key.
  virtual Result<void> put_account(const AccountKey& key, const Account& account) = 0;
  /// Follows a load_account() of the same key: the account is another person's now.
  virtual Result<void> remove_account(const AccountKey& key) = 0;

  /// A registration has been accepted that is not paid yet. It is unpaid until remove_unpaid().
  virtual Result<void> add_unpaid(const UnpaidKey& key, const UnpaidRegistration& registration) = 0;
  /// It has been paid or credited.
  virtual Result<void> remove_unpaid(const UnpaidKey& key) = 0;

  /// An accepted co-payment of this practice: counts its lag for practice and nation, both bases.
  virtual Result<void> record_lag(PracticeNumber practice, Date service, Date received) = 0;
  virtual Result<void> record_tally(const Tally& tally) = 0;
  virtual Result<void> record_events(std::span<const Event> events) = 0;

  /// A statement has been made: it takes its place in the series of its year.
  virtual Result<void> keep_statement(const StatementEntry& statement) = 0;
  /// Another key signs from the next group on.
  virtual Result<void> keep_key(const KeyEntry& key) = 0;
  /// Somebody has had the ledger do something with itself.
  virtual Result<void> keep_act(const ActEntry& act) = 0;
  /// The checksum of everything applied so far; nothing where none is kept.
  virtual std::optional<std::array<std::uint8_t, 16>> checksum() const { return std::nullopt; }

  /// The changes from here to finish_group() belong to the group at this position.
  virtual void begin_group(Position position) = 0;
  /// The group has been applied whole.
  virtual void finish_group(const CommitGroup& group) = 0;
  /// Everything before this position is durable: the journal holds it. From any thread.
  virtual void note_durable(Position next_position) = 0;
  /// The journal has failed. What is not durable now must never become so. From any thread.
  virtual void abandon() = 0;

 protected:
  Store() = default;
  Store(const Store&) = default;
  Store& operator=(const Store&) = default;
};

}  // namespace ledger
