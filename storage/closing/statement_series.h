#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/records/entry.h"
#include "storage/closing/statement.h"
#include "storage/crypto/crypto.h"

/// A year is closed by a series of statements. The journal has an entry for each: its number, the
/// hash of its manifest, and up to where it pays. Its files are in the folder
/// `statements/YEAR-NUMBER` of the data folder:
///   statement.json   the totals, differences by kind, timeliness, cost of lateness, and what
///                    changed since the statement before
///   *.ndjson, *.csv  the tables: differences, unpaid, payouts, payout_lines, cards, changes,
///                    practices, service_types, restatements, persons, registered_practices;
///                    their columns are explained in api/TABLES.md
///   manifest.json    statement, journal position and root, and the SHA-256 of every file above
///   manifest.sig     {"keyId","signature"}: Ed25519 over the SHA-256 of manifest.json
namespace storage {

/// Writes statement.json beside the tables, then manifest.json over all of these files. `tables`
/// are the tables' entries of the manifest. Signs the manifest unless `signing` is null. Everything
/// is on stable storage afterwards.
void seal_statement(const std::filesystem::path& folder, const Statement& statement,
                    const std::vector<std::string>& tables, const SigningKey* signing);

/// The statements of a year that are complete, by number.
std::map<std::uint64_t, std::filesystem::path> statements_of(const std::filesystem::path& folder,
                                                             int year);
/// Reads what the next statement of the year must know of the newest one: the journal says which
/// that is, and the hash of its manifest. Its files may be gone: then its totals are not known.
/// Nothing when there is no statement yet. Throws std::runtime_error, with the remedy, when its
/// files are not those that the journal names.
std::optional<PreviousStatement> read_previous(
    const std::filesystem::path& folder, const std::vector<ledger::StatementEntry>& statements);

}  // namespace storage
