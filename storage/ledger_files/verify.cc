#include "storage/ledger_files/verify.h"

#include <stdexcept>

#include "storage/journal/rocksdb_journal.h"
#include "storage/ledger_files/record_verifier.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_reader.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::Position;
using ledger::Result;

/// The journal as it is now; opened past the damage where there is some, and `damage` then says
/// which. Nothing when that does not help either.
std::optional<JournalReader> open_journal(const fs::path& folder, std::string& damage) {
  try {
    return JournalReader(folder);
  } catch (const DamagedDatabase& error) {
    damage = error.what();
  }
  try {
    return JournalReader(folder, JournalReader::Damage::skipped);
  } catch (const DamagedDatabase&) {
    return std::nullopt;
  }
}

/// Where the state says the journal ends, at least. Derived state that cannot be read says nothing:
/// it can be made again.
std::optional<Position> state_position_of(const fs::path& folder) {
  if (!fs::exists(folder / "CURRENT")) return std::nullopt;
  try {
    return StateReader(folder).applied().last();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

VerifyReport verify_journal(const VerifyOptions& options) {
  const fs::path folder = options.folder / "journal";
  if (!fs::exists(folder / "CURRENT")) {
    throw std::runtime_error("there is no journal in " + folder.string());
  }
  RecordVerifier verifier(options);
  // Before the journal, which a server may be adding to.
  verifier.report().state_position = state_position_of(options.folder / "state");

  std::string reading_error;
  const std::optional<JournalReader> journal = open_journal(folder, reading_error);
  if (!journal) {
    verifier.report().finding = Finding{Position(), reading_error};
    return verifier.report();
  }
  const std::uint64_t total = journal->records_estimate();
  const auto read =
      journal->for_each(Position(), [&](Position key, std::string_view bytes) -> Result<void> {
        if (!verifier.take(key, bytes)) return ledger::Errc::corrupt_record;
        if (options.on_progress) options.on_progress(verifier.report().records, total);
        return ledger::ok();
      });
  if (!read && !verifier.report().finding && reading_error.empty()) {
    reading_error = read.error().message();
  }
  verifier.finish(reading_error);
  return verifier.report();
}

}  // namespace storage
