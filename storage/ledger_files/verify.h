#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ports/journal.h"
#include "storage/crypto/crypto.h"

namespace storage {

/// An end that the journal once had, as somebody wrote it down: the last position of a record, and
/// that record's root. A journal that does not pass through it was cut off or replaced.
struct KnownEnd {
  std::string source;  ///< who says so, for people: "statement 2025-1"
  ledger::Position position;
  Digest root{};
};

/// What is wrong with a journal, and where.
struct Finding {
  ledger::Position position;  ///< of the first record that is bad or missing; 0 = of all of them
  std::string what;           ///< "record at 0-4097: ..."
};

struct VerifyReport {
  std::uint64_t records = 0;      ///< that are good
  std::uint64_t entries = 0;      ///< in them
  std::uint64_t bytes = 0;        ///< of them
  ledger::Position first;         ///< of the first record; 0 = there is none
  ledger::Position last;          ///< the last entry or record that is good
  Digest root{};                  ///< of the last good record
  std::uint64_t passed_over = 0;  ///< of the records: those that VerifyOptions::since leaves out
  std::uint64_t erased = 0;       ///< numbers in them that have been erased
  std::string key_id;             ///< of the public key
  std::vector<PublicKey> keys;    ///< that sign, in their order
  /// Of the sealed access logs, as the journal names them.
  std::vector<ledger::AccessLogEntry> access_log_heads;
  std::vector<ledger::StatementEntry> statements;  ///< that the journal names
  /// Up to where the derived state says the journal goes; nothing when that state cannot be asked.
  std::optional<ledger::Position> state_position;
  std::optional<Finding> finding;  ///< nothing: all is well
};

struct VerifyOptions {
  std::filesystem::path folder;  ///< of the ledger
  PublicKey public_key{};        ///< that the first record must be signed with
  std::vector<KnownEnd> known_ends;
  /// Records that end before it are read for what those behind them need, and not checked.
  ledger::Position since;
  /// Called after every record: how many are done, about how many there are.
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

/// Reads the whole journal once and checks, from the files and the public key alone: RocksDB's
/// checksums, that each record decodes and is kept in its place, that none is missing, the chain
/// of roots, each root, each signature, the hash of the rules, the numbering of persons and
/// practices; then that it was not cut off, as far as the state and the known ends can tell. Stops
/// at the first finding. Whether the decisions are right is another question: see ledger_files.cc,
/// which takes them again.
///
/// Changes nothing in the folder and needs no private key; a server may have the ledger open.
/// Throws std::runtime_error when there is no journal or it cannot be reached.
VerifyReport verify_journal(const VerifyOptions& options);

}  // namespace storage
