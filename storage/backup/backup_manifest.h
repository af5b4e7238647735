#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"

namespace storage {

/// What is known of one backup: of which ledger and which position it is, and what a restored
/// ledger must show. Kept as JSON beside it.
struct BackupManifest {
  enum class Verification : std::uint8_t {
    none,     ///< not tried
    passed,   ///< it has been restored once, and gave position, root and checksum
    failed,   ///< it cannot be restored; see `reason`
    no_room,  ///< there was no room to try it
  };

  std::uint32_t number = 0;
  ledger::Instant time;
  std::string key_id;         ///< of the ledger's first signing key
  ledger::Position position;  ///< the last one in it; 0 = an empty ledger
  std::string checksum;       ///< of the state at that position
  std::string root;           ///< of the journal's record there, in hexadecimal digits
  std::uint64_t bytes = 0;
  std::uint64_t new_bytes = 0;     ///< not shared with earlier backups
  std::uint64_t milliseconds = 0;  ///< taken, without verification
  bool has_private_keys = false;
  Verification verification = Verification::none;
  std::string reason;  ///< why verification failed, or was not done
  /// What is damaged beside it: statements of the ledger, manifests of earlier backups.
  std::vector<std::string> findings;
  std::uint32_t journal_backup = 0;  ///< numbers of the databases' own backups
  std::uint32_t state_backup = 0;
  std::uint32_t access_log_backup = 0;

  std::string to_json() const;
  /// Throws std::runtime_error when the text is not what to_json() makes.
  static BackupManifest parse(std::string_view json);
};

/// What tells the ledger that a folder of backups belongs to.
std::string backup_folder_json(std::string_view key_id);
/// The key id in it. Throws std::runtime_error.
std::string parse_backup_folder(std::string_view json);

}  // namespace storage
