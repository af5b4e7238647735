#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "ledger/records/ledger_settings.h"
#include "ledger/records/rule_pack.h"
#include "storage/access_log/access_log.h"
#include "storage/journal/rocksdb_journal.h"
#include "storage/keys/keys.h"
#include "storage/state/state_store.h"

namespace storage {

struct LedgerOptions {
  std::filesystem::path folder;
  std::filesystem::path keys_folder;  ///< empty: `keys` in the folder
  /// Null: read from the folder, and made for a ledger that does not exist yet.
  std::shared_ptr<const KeyRing> keys;
  std::map<int, ledger::AnnualCeiling> ceilings = ledger::RulePack::published_ceilings();
  ledger::LedgerSettings settings;
  JournalOptions journal;
  /// What the access log has not written yet; null: nothing.
  std::shared_ptr<AccessLogBuffer> access_log_buffer;
  StateOptions state;
  OpenMode mode = OpenMode::read_write;
  NoteFault note_fault;
  /// Called about once a second while the journal's tail is applied again.
  std::function<void(ledger::Position at, ledger::Position end)> on_replay;
};

/// Whether the folder holds a ledger already.
bool has_ledger(const std::filesystem::path& folder);

/// One ledger on disk, opened: keys, journal, and the state brought up to the journal's end. The
/// folder holds `keys`, `journal`, `access-log` and `state`; `state` can be removed and is then
/// made again. Read-only nothing is written: what the state lacks is kept in memory.
class LedgerFiles {
 public:
  /// Throws std::runtime_error with the reason and the remedy when it cannot be opened: the folder
  /// is in use, a file is damaged, the journal does not replay, the keys are missing or another
  /// ledger's, or the configured ceilings change a year that the journal knows. DamagedState and
  /// DamagedJournal tell the two damages apart.
  explicit LedgerFiles(const LedgerOptions& options);

  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& keys_folder() const { return keys_folder_; }
  const KeyRing& keys() const { return *keys_; }
  std::shared_ptr<const KeyRing> shared_keys() const { return keys_; }
  /// The keys with which the ledger has signed and signs, the first one first.
  std::vector<PublicKey> public_keys() const;
  RocksDbJournal& journal() { return journal_; }
  const RocksDbJournal& journal() const { return journal_; }
  AccessLog& access_log() { return access_log_; }
  const AccessLog& access_log() const { return access_log_; }
  StateStore& state() { return state_; }
  /// Brings everything that the state knows into its files. Throws std::runtime_error. REQUIRES:
  /// the caller is the only writer, and no group is under way.
  void hand_over_state();
  /// Reads all files; damage is noted. Stops, with an error, when `stop` says so. From any thread.
  ledger::Result<void> check_files(const std::function<bool()>& stop) const;
  const ledger::RulePack& rules() const { return rules_; }
  const ledger::LedgerSettings& settings() const { return settings_; }
  /// The journal does not know the configured rules yet: the next group introduces them.
  bool are_rules_new() const { return are_rules_new_; }

 private:
  void replay(const LedgerOptions& options);

  const std::filesystem::path folder_;
  const std::filesystem::path keys_folder_;
  const std::shared_ptr<const KeyRing> keys_;
  RocksDbJournal journal_;
  AccessLog access_log_;
  StateStore state_;
  ledger::RulePack rules_;
  const ledger::LedgerSettings settings_;
  bool are_rules_new_ = false;
};

}  // namespace storage
