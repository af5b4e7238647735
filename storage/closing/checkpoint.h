#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <type_traits>
#include <vector>

#include "storage/closing/reconciliation_parts.h"
#include "storage/closing/statement.h"
#include "storage/closing/statement_tables.h"

/// The checkpoint of a reconciliation: given how far a run has come, gives it back to the next run
/// when this one was killed.
namespace storage {

enum class Phase : std::uint32_t { collect, persons, registrations, timeliness };

/// Where a run is.
struct RunPlace {
  std::uint64_t format = 0x66726b2d72656334;  // "frk-rec4"
  std::array<char, 36> boot{};                ///< of the machine; see is_of_this_boot()
  std::uint64_t number = 0;                   ///< of the statement; 0 in a dry run
  std::uint64_t previous = 0;                 ///< number of the statement before; 0 = none
  std::uint64_t position = 0;                 ///< the last one that is covered
  Phase phase = Phase::collect;
  std::uint32_t next_part = 0;
  ledger::Digest root{};  ///< of the record that holds the position
};
static_assert(std::is_trivially_copyable_v<RunPlace>);
static_assert(std::is_trivially_copyable_v<StatementFigures>);

/// How far a run has come, and what it has added up until there.
struct Progress {
  RunPlace at;
  StatementFigures figures;
  std::vector<PracticeFigures> practices;        ///< by number
  std::vector<ledger::RulePackHash> rule_packs;  ///< that the journal has had, as they came
  std::vector<Owners::Merge> merges;             ///< of persons, that the journal has had
};

/// Keeps the progress, and how long everything is that has been written until there.
void save_checkpoint(const std::filesystem::path& file, const Progress& progress,
                     ReconciliationParts& parts, StatementTables& tables);

/// What was kept, read in two steps: the files that it is about are opened in between.
class Checkpoint {
 public:
  /// Nothing when there is none, or when it is not whole or of another version.
  static std::optional<Checkpoint> read(const std::filesystem::path& file);

  const Progress& progress() const { return progress_; }
  /// Takes the files back to where they were. False when they do not reach that far.
  bool take_back(ReconciliationParts& parts, StatementTables& tables) const;

 private:
  Progress progress_;
  std::vector<TableFile::Extent> extents_;
  std::vector<std::uint64_t> registrations_;
  std::vector<std::uint64_t> unpaid_;
};

}  // namespace storage
