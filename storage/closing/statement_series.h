#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/closing/statement.h"
#include "storage/crypto/crypto.h"

/// A year is closed by a series of statements. Each is a folder `statements/YEAR-NUMBER` in the
/// data folder with these files:
///   statement.json   the totals, differences by kind, timeliness, cost of lateness, and what
///                    changed since the statement before
///   *.ndjson, *.csv  the tables: differences, unpaid, payouts, payout_lines, cards, changes,
///                    practices, service_types; their columns are explained in api/TABLES.md
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
/// Reads what the next statement of the year must know: the newest statement, when the whole series
/// is there, follows one from the other, was signed with this key, and the newest one's payouts are
/// those that were signed. Nothing when there is none yet. Throws std::runtime_error otherwise,
/// with the remedy.
std::optional<PreviousStatement> read_series(const std::filesystem::path& statements, int year,
                                             const SigningKey& signing);

}  // namespace storage
