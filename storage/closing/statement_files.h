#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/records/entry.h"
#include "storage/crypto/crypto.h"
#include "storage/ledger_files/ledger_files.h"

// Whether the files of a statement are those that were signed. What was changed, on purpose or by
// the disk, is named and not given to anybody: refunds are paid from it.

namespace storage {

/// What is wrong with the files in the statement's folder, as half a sentence that names the file;
/// empty when they are those that the journal names. `keys` are those that the ledger signs with;
/// none: the signature is not looked at. With `only`, of the files that the manifest lists only
/// this one is read; what it does not list is no file of the statement.
std::string statement_fault(const std::filesystem::path& folder,
                            const ledger::StatementEntry& statement,
                            std::span<const PublicKey> keys, std::string_view only = {});

/// The names of a statement's files, by its manifest, with the manifest and, if it is signed, the
/// signature. Throws std::runtime_error when the manifest cannot be read.
std::vector<std::string> files_of_statement(const std::filesystem::path& folder);

/// What a command or an answer says of a fault, with the remedy.
std::string statement_fault_text(std::string_view statement, std::string_view fault);

/// `2025-1`: what a statement is called, and its folder.
std::string name_of(const ledger::StatementEntry& statement);

/// All statements that the journal names, by year and number.
std::vector<ledger::StatementEntry> all_statements(LedgerFiles& files);
/// One of them; nothing when there is no such statement.
std::optional<ledger::StatementEntry> find_statement(LedgerFiles& files, int year,
                                                     std::uint64_t number);

/// Whether the statement's files are whole in the folder of the work, and wait to be put in place.
bool are_files_waiting(const std::filesystem::path& ledger,
                       const ledger::StatementEntry& statement);

/// Whether statement.json is the file that the manifest beside it lists. True where one of the two
/// is not there.
bool is_as_listed(const std::filesystem::path& folder);

struct StatementFault {
  std::string statement;  ///< `2025-1`
  std::string what;       ///< see statement_fault()
  bool is_missing = false;
};

/// What a command says of it; see statement_fault_text().
std::string text_of(const StatementFault& fault);

/// Of these statements of the ledger, or backup, in `folder`. One whose files wait to be put in
/// place is not missing.
std::vector<StatementFault> statement_faults(const std::filesystem::path& folder,
                                             std::span<const ledger::StatementEntry> statements,
                                             std::span<const PublicKey> keys);

/// Of the folders that none of these statements has: the journal may have lost its end. Those are
/// told of whose statement.json is not the one that their manifest lists.
std::vector<StatementFault> other_statement_faults(
    const std::filesystem::path& folder, std::span<const ledger::StatementEntry> statements);

/// Copies the files of those that are whole from a backup to a ledger. The others are left out and
/// told of.
std::vector<StatementFault> copy_statements(const std::filesystem::path& from,
                                            const std::filesystem::path& into,
                                            std::span<const ledger::StatementEntry> statements,
                                            std::span<const PublicKey> keys);

/// Files of statements that are read piece by piece: each is hashed once, and again when it has
/// changed. From any thread.
class StatementReader {
 public:
  /// As statement_fault() with `only`.
  std::string fault(const std::filesystem::path& folder, const ledger::StatementEntry& statement,
                    std::span<const PublicKey> keys, std::string_view name);

 private:
  /// Of a file as it was when it was hashed.
  struct Seen {
    ino_t file = 0;
    off_t bytes = 0;
    std::int64_t changed_ns = 0;

    bool operator==(const Seen&) const = default;
  };
  static Seen look_at(const std::filesystem::path& path);

  std::mutex mutex_;  // also while a file is hashed: one at a time
  std::map<std::filesystem::path, Seen> good_;
};

}  // namespace storage
