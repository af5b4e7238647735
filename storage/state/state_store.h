#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ports/store.h"
#include "storage/bytes/format.h"
#include "storage/files/fault.h"
#include "storage/files/open_mode.h"
#include "storage/rocksdb/database_backups.h"
#include "storage/state/applied_table.h"
#include "storage/state/hand_over.h"
#include "storage/state/state_files.h"
#include "storage/state/state_options.h"
#include "storage/state/state_tables.h"

namespace storage {

/// The derived state: registrations, accounts, persons, practices, timeliness, events. Changes are
/// made in memory and handed over to RocksDB in bulk, as sorted files that are ingested all
/// together with the journal position they cover. So a crash leaves the state as it was at some
/// position, and the journal's tail is applied again.
///
/// Concurrency: the one writer calls the ledger::Store interface and begin_hand_over(). Any thread
/// calls note_durable(), abandon(), await_hand_over() and what is const; but it calls
/// registration_in_memory() only between groups. A reader may see a group before it is durable, and
/// must not answer before it is: see begun().
class StateStore final : public ledger::Store {
 public:
  /// Throws DamagedState, and std::runtime_error when the files cannot be opened.
  /// Read-only, what is put stays in memory.
  StateStore(const std::filesystem::path& folder, StateOptions options,
             OpenMode mode = OpenMode::read_write, NoteFault note_fault = {});
  /// Hands over what waits, if it is durable.
  ~StateStore() override;

  // ledger::Store, for the writer.
  void expect(std::span<const ledger::Lookup> lookups) override;
  ledger::Result<std::optional<ledger::Registration>> find_registration(
      const ledger::Fingerprint& key) override;
  ledger::Result<void> put_registration(const ledger::Fingerprint& key,
                                        const ledger::Registration* before,
                                        const ledger::Registration& after) override;
  ledger::Result<std::optional<ledger::PersonId>> find_person(
      const ledger::EncryptedNumber& number) override;
  ledger::Result<ledger::PersonId> add_person(const ledger::EncryptedNumber& number) override;
  ledger::PersonBrief brief(ledger::PersonId person) override;
  ledger::Result<ledger::Person> load_person(ledger::PersonId person) override;
  ledger::Result<void> put_person(ledger::PersonId id, const ledger::Person& person) override;
  ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(ledger::PersonId person) override;
  ledger::Result<void> put_numbers(ledger::PersonId person,
                                   std::vector<ledger::EncryptedNumber> numbers) override;
  ledger::Result<std::optional<ledger::KnownEvent>> find_registry_event(
      const ledger::Guid& id) override;
  ledger::Result<void> put_registry_event(const ledger::Guid& id,
                                          const ledger::KnownEvent& event) override;
  ledger::Result<std::optional<ledger::PracticeNumber>> find_practice(
      const ledger::PracticeId& id) override;
  ledger::Result<ledger::PracticeNumber> add_practice(const ledger::PracticeId& id) override;
  ledger::Result<ledger::PracticeId> practice_id(ledger::PracticeNumber number) override;
  const ledger::RegisteredPractice* registered(ledger::PracticeNumber practice) override;
  ledger::Result<void> put_registered(ledger::PracticeNumber practice,
                                      ledger::RegisteredPractice registered) override;
  ledger::Result<void> load_account(const ledger::AccountKey& key, ledger::Account& out) override;
  ledger::Result<void> put_account(const ledger::AccountKey& key,
                                   const ledger::Account& account) override;
  ledger::Result<void> remove_account(const ledger::AccountKey& key) override;
  ledger::Result<void> add_unpaid(const ledger::UnpaidKey& key,
                                  const ledger::UnpaidRegistration& registration) override;
  ledger::Result<void> remove_unpaid(const ledger::UnpaidKey& key) override;
  ledger::Result<void> record_lag(ledger::PracticeNumber practice, ledger::Date service,
                                  ledger::Date received) override;
  ledger::Result<void> record_tally(const ledger::Tally& tally) override;
  ledger::Result<void> record_events(std::span<const ledger::Event> events) override;
  ledger::Result<void> keep_statement(const ledger::StatementEntry& statement) override;
  ledger::Result<void> keep_key(const ledger::KeyEntry& key) override;
  ledger::Result<void> keep_act(const ledger::ActEntry& act) override;
  std::optional<std::array<std::uint8_t, 16>> checksum() const override;

  void begin_group(ledger::Position position) override;
  /// Also starts a hand-over when enough waits; blocks when the last one is not done by the time
  /// the next is due.
  void finish_group(const ledger::CommitGroup& group) override;
  void note_durable(ledger::Position next_position) override;
  void abandon() override;

  /// Starts to hand over whatever waits; waits for a hand-over under way. For the writer, between
  /// groups.
  void begin_hand_over();
  /// Waits until no hand-over is under way; what began is then in the files. From any thread. Only
  /// returns when the journal gets as far as the state did, or fails.
  ledger::Result<void> await_hand_over();
  /// Reads all files; damage is noted. Stops, with an error, when `stop` says so. From any thread.
  ledger::Result<void> check_files(const std::function<bool()>& stop) const;
  /// A copy of the files as the last hand-over left them, by hard links, in a new folder. From any
  /// thread. Throws std::runtime_error.
  void copy_files(const std::filesystem::path& folder) const;
  /// Adds a backup of the files as a hand-over has left them; returns its number. From any thread.
  /// Throws std::runtime_error.
  std::uint32_t back_up(DatabaseBackups& backups, const DatabaseBackups::OnBytes& on_bytes) const;

  /// The registration unless it has left memory for the files. Between groups, or where nothing is
  /// written: what it looks in has no locks.
  ledger::Result<std::optional<ledger::Registration>> registration_in_memory(
      const ledger::Fingerprint& key) const;

  // For readers.
  /// The registration if the files have it, which is after it has left memory.
  ledger::Result<std::optional<ledger::Registration>> registration_in_files(
      const ledger::Fingerprint& key) const;
  /// The registrations of a practice that are neither paid nor credited: those behind `after`, up
  /// to the service day `last_day`, in the order of their keys, at most `limit`.
  ledger::Result<std::vector<ledger::UnpaidRegistration>> unpaid(const ledger::UnpaidKey& after,
                                                                 ledger::Date last_day,
                                                                 std::size_t limit) const;
  /// Whether this event has been recorded, durable or not.
  ledger::Result<bool> has_event(ledger::Position cause, std::uint32_t ordinal) const;
  ledger::Result<std::optional<ledger::PersonId>> person_of(
      const ledger::EncryptedNumber& number) const;
  /// Somebody to look up in place of whom nobody has heard of, so that it takes as long; 0 while
  /// there is nobody.
  ledger::PersonId stand_in_for(const ledger::EncryptedNumber& number) const {
    return of<PersonsTable>().stand_in_for(number);
  }
  /// All encrypted numbers that lead to a person, the one in use first; without the erased ones.
  ledger::Result<std::vector<ledger::EncryptedNumber>> numbers(ledger::PersonId person) const;
  ledger::PersonBrief person_brief(ledger::PersonId person) const;
  ledger::Result<ledger::Person> person(ledger::PersonId id) const;
  /// The practices that the registry says to have this identity.
  std::vector<ledger::PracticeId> practices_with(const PracticeIdentity& identity) const {
    return of<PracticesTable>().with(identity);
  }
  /// What the registry says of the practice; null when it says nothing.
  std::shared_ptr<const ledger::RegisteredPractice> registered_practice(
      ledger::PracticeNumber practice) const;
  ledger::Result<ledger::Account> account(const ledger::AccountKey& key) const;
  ledger::Result<ledger::AccountBrief> account_brief(const ledger::AccountKey& key) const;
  ledger::Result<ledger::TimelinessMonth> timeliness(const ledger::TimelinessKey& key) const;
  /// What came from a practice that has no number; empty of one that has.
  ledger::Result<ledger::Refusals> refusals(const ledger::PracticeId& practice) const;
  std::optional<ledger::PracticeNumber> practice_number(const ledger::PracticeId& id) const;
  std::vector<ledger::Practice> practices() const;  ///< by number; the first is the nation, empty
  /// The identifier that the practice uses itself. `corrupt_record` for a number never given.
  ledger::Result<ledger::PracticeId> practice_identifier(ledger::PracticeNumber number) const;
  /// Events from `after` on (exclusive), at most `limit`.
  ledger::Result<std::vector<std::pair<std::uint32_t, ledger::Event>>> events(
      ledger::Position after_cause, std::uint32_t after_ordinal, std::size_t limit) const;
  /// The cause of the newest event recorded since the store was opened, durable or not; 0 = none.
  /// What is asked of events() afterwards includes it.
  ledger::Position newest_event() const { return of<EventsTable>().newest(); }

  /// The statements of a year that have been made, by number; durable or not.
  std::vector<ledger::StatementEntry> statements(int year) const;
  /// The keys that have followed the first one, in order; durable or not.
  std::vector<ledger::KeyEntry> keys() const;
  /// The newest acts, newest first, at most so many.
  std::vector<ledger::ActEntry> newest_acts(std::size_t most) const;

  /// The newest group that anything read before this call can be of. An answer may leave when the
  /// journal holds that group.
  ledger::Position begun() const { return applied_.begun(); }

  /// How far the newest finished group goes, and the totals there.
  AppliedState head() const;
  /// Why derived state can no longer be handed over; empty while all is well.
  std::string failure() const;
  /// What of the files is damaged, as far as it has been met; empty while nothing has.
  std::string damage() const;

 private:
  template <class Table>
  Table& of() {
    return tables_.get<Table>();
  }
  template <class Table>
  const Table& of() const {
    return tables_.get<Table>();
  }

  StateFiles files_;
  AppliedTable applied_;
  StateTables tables_;
  HandOver hand_over_;
};

}  // namespace storage
