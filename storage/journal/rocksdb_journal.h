#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>

#include "ledger/ports/journal.h"
#include "ledger/values/result.h"
#include "storage/crypto/signing_keys.h"
#include "storage/files/fault.h"
#include "storage/files/open_mode.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/database_backups.h"

namespace rocksdb {
class Env;
}

namespace storage {

struct JournalOptions {
  /// What was on stable storage when the journal was closed last; 0: not known. Read-only, nothing
  /// beyond it is shown, because a record whose sync failed may be gone after the next power cut. A
  /// journal that ends before it has lost records.
  ledger::Position durable;
  /// So much is kept in memory and in the log of writes before it becomes a sorted file.
  std::size_t write_buffer_bytes = 64U << 20;
  /// The file system, for tests; null = that of the machine. Must outlive the journal.
  rocksdb::Env* env = nullptr;
};

/// Takes a record of the journal: the position it is kept under, and its bytes; see format.h.
using UseRecord = std::function<ledger::Result<void>(ledger::Position, std::string_view)>;

/// The journal in a RocksDB of its own: one record a commit group, appended in key order with a
/// write-ahead log that is synced at every append. Groups that are appended together are one write:
/// all of them are kept, or none.
///
/// Concurrency: append() from one thread; reads from any.
class RocksDbJournal final : public ledger::Journal {
 public:
  /// The keys are told which of them signs. Throws std::runtime_error when the files cannot be
  /// opened, or the last record is damaged or wants a key that is not among these.
  RocksDbJournal(const std::filesystem::path& folder, SigningKeys& signing,
                 const JournalOptions& options = {}, OpenMode mode = OpenMode::read_write,
                 NoteFault note_fault = {});

  /// Tells before it returns.
  void append(std::span<const ledger::AnsweredGroup> groups, Appended appended) override {
    appended(write(groups));
  }
  ledger::Position next_position() const override {
    return ledger::Position{next_position_.load(std::memory_order_acquire)};
  }

  ledger::Instant newest_commit() const override { return newest_commit_; }

  /// The root of the last record: what the whole history hashes to.
  ledger::Digest head_root() const { return head_root_; }

  ledger::Result<ledger::Entry> entry_at(ledger::Position position) const override;

  /// The entry of an item at a position. `corrupt_record` when there is none of that kind.
  ledger::Result<ledger::ItemEntry> read_item(ledger::Position position) const;

  /// Whether an entry is at a position. A group may be there instead, or nothing.
  ledger::Result<bool> has_entry(ledger::Position position) const;

  /// When the entry or group at a position was committed. `corrupt_record` when there is none.
  ledger::Result<ledger::Instant> committed_at(ledger::Position position) const;

  /// The last position that had been committed by then; 0 when there was none.
  ledger::Result<ledger::Position> position_at(ledger::Instant time) const;

  /// Under which rules the entry or group at a position was decided.
  ledger::Result<ledger::RulePackHash> rule_pack_at(ledger::Position position) const;

  /// The bytes of the record that has this position.
  ledger::Result<std::string> record_with(ledger::Position position) const;

  /// Calls `use` with every group from `first` on, in order; stops at its first error.
  ledger::Result<void> replay(
      ledger::Position first,
      const std::function<ledger::Result<void>(const ledger::CommitGroup&)>& use) const;

  /// Calls `use` with every record from `first` on, and before `end` unless that is 0, in order and
  /// undecoded; stops at its first error. Records that are appended meanwhile are not among them.
  ledger::Result<void> for_each(ledger::Position first, const UseRecord& use,
                                ledger::Position end = {}) const;

  /// Reads everything; damage is noted. Stops, with an error, when `stop` says
  /// so.
  ledger::Result<void> check_files(const std::function<bool()>& stop) const;

  /// A copy of the files in a new folder, by hard links where they do not change any more. Throws
  /// std::runtime_error.
  void copy_files(const std::filesystem::path& folder) const;
  /// Adds a backup and returns its number. The backup has all records that are durable now. It may
  /// have some that become durable meanwhile. From any thread. Throws std::runtime_error.
  std::uint32_t back_up(DatabaseBackups& backups, const DatabaseBackups::OnBytes& on_bytes) const;

  /// The root of the last record before a position; zeros when there is none.
  ledger::Result<ledger::Digest> root_before(ledger::Position position) const;

 private:
  ledger::Result<std::vector<ledger::Seal>> write(std::span<const ledger::AnsweredGroup> groups);
  SigningKeys& signing_;
  Database database_;
  std::atomic<std::uint64_t> next_position_{1};
  ledger::Digest head_root_{};
  ledger::Instant newest_commit_ = ledger::first_instant;
};

/// Cuts off the last write of a closed journal when a power cut tore it: nobody was answered for
/// that write. Changes nothing and returns false when something else is wrong with the files, or
/// when the journal would then end before `at_least`. Throws std::runtime_error.
bool cut_torn_write(const std::filesystem::path& folder, ledger::Position at_least,
                    const JournalOptions& options);

/// The journal as files, for those who check it: nothing in the folder is changed, and a server may
/// have it open. What is appended after the opening is not seen.
class JournalReader {
 public:
  enum class Damage : std::uint8_t {
    refused,  ///< files that are damaged are not opened
    skipped,  ///< opened as far as possible: to tell which records are still there
  };
  /// Throws std::runtime_error when the folder is no journal or cannot be read.
  explicit JournalReader(const std::filesystem::path& folder, Damage damage = Damage::refused);
  JournalReader(JournalReader&&) noexcept;
  ~JournalReader();

  ledger::Result<void> for_each(ledger::Position first, const UseRecord& use) const;
  /// About how many records there are.
  std::uint64_t records_estimate() const;

 private:
  std::unique_ptr<Database> database_;
};

}  // namespace storage
