#pragma once

#include <optional>
#include <span>

#include "ledger/ports/journal.h"
#include "ledger/records/account.h"
#include "ledger/records/event.h"
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

/// The state that the rules read and change: the one port of the ledger. Used by a single writer,
/// so an implementation needs no transactions; changes are visible to the next read at once. What
/// makes them durable and visible to others is the implementation's business.
class Store {
 public:
  virtual ~Store() = default;

  /// These lookups come next, in this order, with changes between them: a store may read ahead.
  virtual void expect(std::span<const Lookup> /*lookups*/) {}

  virtual Result<std::optional<Registration>> find_registration(const Fingerprint& key) = 0;
  /// `before` is what find_registration() gave, null for a new one.
  virtual Result<void> put_registration(const Fingerprint& key, const Registration* before,
                                        const Registration& after) = 0;

  virtual Result<std::optional<PersonId>> find_person(const EncryptedNumber& number) = 0;
  virtual Result<PersonId> add_person(const EncryptedNumber& number) = 0;

  virtual Result<std::optional<PracticeNumber>> find_practice(const PracticeId& id) = 0;
  virtual Result<PracticeNumber> add_practice(const PracticeId& id) = 0;
  virtual Result<PracticeId> practice_id(PracticeNumber number) = 0;

  /// Fills `out` (empty for an account that does not exist), reusing its memory.
  virtual Result<void> load_account(const AccountKey& key, Account& out) = 0;
  /// Follows a load_account() of the same key.
  virtual Result<void> put_account(const AccountKey& key, const Account& account) = 0;

  /// A registration has been accepted that is not paid yet; until remove_unpaid().
  virtual Result<void> add_unpaid(const UnpaidKey& key, const UnpaidRegistration& registration) = 0;
  /// It has been paid or credited.
  virtual Result<void> remove_unpaid(const UnpaidKey& key) = 0;

  /// An accepted co-payment of this practice: counts its lag for practice and nation, both bases.
  virtual Result<void> record_lag(PracticeNumber practice, Date service, Date received) = 0;
  virtual Result<void> record_tally(const Tally& tally) = 0;
  virtual Result<void> record_events(std::span<const Event> events) = 0;

  /// What follows belongs to the group at this position, until finish_group().
  virtual void begin_group(Position position) = 0;
  /// The group has been applied whole.
  virtual void finish_group(const CommitGroup& group) = 0;
  /// The journal holds everything before this position; from any thread.
  virtual void note_durable(Position next_position) = 0;
  /// The journal has failed: what is not durable now must never be; from any thread.
  virtual void abandon() = 0;

 protected:
  Store() = default;
  Store(const Store&) = default;
  Store& operator=(const Store&) = default;
};

}  // namespace ledger
