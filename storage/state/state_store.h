#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "ledger/ports/store.h"
#include "storage/bytes/format.h"
#include "storage/files/fault.h"
#include "storage/files/open_mode.h"
#include "storage/rocksdb/database_backups.h"
#include "storage/state/known_registrations.h"
#include "storage/state/unpaid_table.h"
#include "storage/state/write_behind.h"

namespace rocksdb {
class Env;
}

namespace storage {

/// What of the state waits in memory before it is handed over to RocksDB.
struct StateOptions {
  /// Hand over after this many accepted items. Bounds memory, and what a restart replays.
  std::uint64_t hand_over_items = 1'000'000;
  /// Keep this many accounts and persons in memory after they were handed over, about 200 bytes
  /// each: reading one from the files costs twenty times as much.
  std::uint64_t cached_persons_max = 6'000'000;
  /// For filters that tell new registrations: 2 to 4 bytes for each that there is. When it is not
  /// enough, they are given up, and each registration is looked up in the files.
  std::uint64_t filter_bytes_max = 1U << 30;
  /// After so many lookups the files are read to fill the filters; see KnownRegistrations.
  std::uint64_t lookups_before_filter = 4'000'000;
  /// At most this many practices: each costs memory for as long as the process runs.
  std::uint32_t practices_max = 1'000'000;
  /// The file system, for tests; null = that of the machine. Must outlive the store.
  rocksdb::Env* env = nullptr;
};

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
  ledger::Result<std::optional<ledger::PracticeNumber>> find_practice(
      const ledger::PracticeId& id) override;
  ledger::Result<ledger::PracticeNumber> add_practice(const ledger::PracticeId& id) override;
  ledger::Result<ledger::PracticeId> practice_id(ledger::PracticeNumber number) override;
  ledger::Result<void> load_account(const ledger::AccountKey& key, ledger::Account& out) override;
  ledger::Result<void> put_account(const ledger::AccountKey& key,
                                   const ledger::Account& account) override;
  ledger::Result<void> add_unpaid(const ledger::UnpaidKey& key,
                                  const ledger::UnpaidRegistration& registration) override;
  ledger::Result<void> remove_unpaid(const ledger::UnpaidKey& key) override;
  ledger::Result<void> record_lag(ledger::PracticeNumber practice, ledger::Date service,
                                  ledger::Date received) override;
  ledger::Result<void> record_tally(const ledger::Tally& tally) override;
  ledger::Result<void> record_events(std::span<const ledger::Event> events) override;

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
  /// The encrypted number of a person.
  ledger::Result<ledger::EncryptedNumber> number_of(ledger::PersonId person) const;
  ledger::Result<ledger::Account> account(const ledger::AccountKey& key) const;
  ledger::Result<ledger::TimelinessMonth> timeliness(const ledger::TimelinessKey& key) const;
  std::optional<ledger::PracticeNumber> practice_number(const ledger::PracticeId& id) const;
  std::vector<ledger::Practice> practices() const;  ///< by number; the first is the nation, empty
  /// The identifier that the practice uses itself. `corrupt_record` for a number never given.
  ledger::Result<ledger::PracticeId> practice_identifier(ledger::PracticeNumber number) const;
  /// Events from `after` on (exclusive), at most `limit`.
  ledger::Result<std::vector<std::pair<std::uint32_t, ledger::Event>>> events(
      ledger::Position after_cause, std::uint32_t after_ordinal, std::size_t limit) const;
  /// The cause of the newest event recorded since the store was opened, durable or not; 0 = none.
  /// What is asked of events() afterwards includes it.
  ledger::Position newest_event() const {
    return ledger::Position{newest_event_.load(std::memory_order_acquire)};
  }

  /// The newest group that anything read before this call can be of. An answer may leave when the
  /// journal holds that group.
  ledger::Position begun() const {
    return ledger::Position{begun_.load(std::memory_order_acquire)};
  }

  /// How far the newest finished group goes, and the totals there.
  AppliedState head() const;
  /// Why derived state can no longer be handed over; empty while all is well.
  std::string failure() const;
  /// What of the files is damaged, as far as it has been met; empty while nothing has.
  std::string damage() const;

 private:
  struct FingerprintHash {
    std::size_t operator()(const ledger::Fingerprint& key) const { return key.low; }
  };
  struct NumberHash {
    std::size_t operator()(const ledger::EncryptedNumber& key) const;
  };
  struct AccountHash {
    std::size_t operator()(const ledger::AccountKey& key) const;
  };
  struct PracticeHash {
    std::size_t operator()(const ledger::PracticeId& id) const;
  };
  struct TimelinessHash {
    std::size_t operator()(const ledger::TimelinessKey& key) const;
  };
  /// Registrations are the largest family and small: kept inline, without an allocation each, and
  /// with the key one cache line long. There is room for positions up to 2^49 and 2^35 persons.
  struct InlineRow {
    std::uint8_t size = 0;
    char bytes[47];
    std::string_view view() const { return {bytes, size}; }
  };
  /// A row put and not in the table of registrations yet.
  struct RowAside {
    ledger::Fingerprint key;
    InlineRow row;
  };
  struct Files;
  /// What the files have under a key: a row, or nothing.
  struct Expected {
    ledger::Fingerprint key;
    std::optional<ledger::Registration> found;
  };
  struct PendingEvent {
    std::uint32_t ordinal = 0;
    ledger::Event event;
  };

  ledger::Result<void> put_nation_aside(ledger::Basis basis, ledger::Month month,
                                        std::uint32_t lag);
  template <class Change>
  ledger::Result<void> change_timeliness(const ledger::TimelinessKey& key, Change&& change);
  template <class Value>
  ledger::Result<void> require_storable(const char* kind, const Value& value) const;
  ledger::Result<void> read_account_row(const ledger::AccountKey& key, std::string& row) const;
  NoteFault keep_damage(NoteFault note_fault);
  [[noreturn]] void refuse_files(const std::string& what) const;
  void load_practices();
  void want_room();
  void freeze();
  void run_hand_over();
  bool hand_over_frozen();
  void forget_new_persons(ledger::PersonId last);
  bool is_handed_over() const;
  void thaw_next();
  const InlineRow* find_row(const ledger::Fingerprint& key) const;
  ledger::Result<std::optional<ledger::Registration>> read_row(std::string_view bytes) const;
  ledger::Result<void> add_unpaid_of_files(const ledger::UnpaidKey& first,
                                           const ledger::UnpaidKey& last, std::size_t rows_max,
                                           UnpaidTable::Changes& rows) const;
  void put_aside(const ledger::Fingerprint& key, std::string_view bytes);
  void put_into_table();
  const Expected* expected(const ledger::Fingerprint& key);
  void read_expected(std::span<const ledger::Fingerprint> keys);
  std::optional<ledger::PracticeNumber> find_practice_number(const ledger::PracticeId& id) const;

  const StateOptions options_;
  mutable std::mutex damage_mutex_;  // before the files, whose threads may meet damage
  std::string damage_;
  std::unique_ptr<Files> files_;

  WriteBehind<ledger::Fingerprint, InlineRow, FingerprintHash, NoReaders> registrations_;
  WriteBehind<ledger::AccountKey, std::string, AccountHash> accounts_;
  WriteBehind<ledger::EncryptedNumber, ledger::PersonId, NumberHash> numbers_;
  WriteBehind<ledger::TimelinessKey, ledger::TimelinessMonth, TimelinessHash> timeliness_;

  /// Numbers of the persons that are not in the files yet, in the order of their ids.
  mutable std::mutex new_persons_mutex_;
  std::deque<ledger::EncryptedNumber> new_persons_;
  ledger::PersonId first_new_person_;

  mutable std::shared_mutex practices_mutex_;
  std::vector<ledger::Practice> practices_;
  boost::unordered_flat_map<ledger::PracticeId, ledger::PracticeNumber, PracticeHash>
      practice_numbers_;
  std::vector<bool> is_practice_changed_;
  std::vector<std::pair<ledger::PracticeNumber, ledger::Practice>> frozen_practices_;

  mutable std::mutex events_mutex_;
  std::vector<PendingEvent> active_events_;
  std::vector<PendingEvent> frozen_events_;
  std::atomic<std::uint64_t> newest_event_{0};

  UnpaidTable unpaid_;

  // The writer's own.
  AppliedState applied_;
  std::uint64_t active_items_ = 0;
  std::optional<KnownRegistrations> known_registrations_;
  std::vector<RowAside> rows_aside_;  // the newest last; none between groups
  std::vector<std::pair<ledger::TimelinessKey, ledger::TimelinessMonth>> nation_aside_;  // likewise
  std::vector<Expected> expected_;  // what the files have of the registrations expected
  std::size_t next_expected_ = 0;
  std::string_view account_row_;  // of the account loaded last; empty when it did not exist
  std::string account_row_read_;  // when it came from the files
  ledger::AccountKey account_row_key_;
  ledger::Money account_sum_before_;
  std::string encoded_;

  std::atomic<std::uint64_t> begun_{0};
  mutable std::mutex head_mutex_;
  AppliedState head_;

  mutable std::mutex hand_over_mutex_;
  std::condition_variable hand_over_changed_;
  bool is_frozen_ = false;  // and not in the files yet
  bool is_stopping_ = false;
  bool is_room_wanted_ = false;
  bool is_abandoned_ = false;  // nothing is handed over any more
  std::string hand_over_error_;
  std::uint64_t durable_ = 0;
  AppliedState frozen_applied_;
  std::uint64_t files_made_ = 0;
  std::size_t stripes_to_thaw_ = 0;  // the writer's own
  unsigned rooms_wanted_ = 0;        // the writer's own
  std::thread hand_over_thread_;
};

}  // namespace storage
