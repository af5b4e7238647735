#pragma once

#include <filesystem>
#include <memory>

#include "storage/closing/checkpoint.h"
#include "storage/closing/practices.h"
#include "storage/closing/reconciliation.h"

namespace storage {

/// The folder of a run and the files in it: given the ledger and the year, gives a copy of the
/// state, what is put aside, the tables, and how far the run has come. The files are where the
/// progress says: as new, or as a killed run left them at its last checkpoint.
class ReconciliationWork {
 public:
  /// Continues where a killed run was, or begins anew with a copy of the state. Throws
  /// std::runtime_error when a file cannot be written or the copy cannot be read.
  ReconciliationWork(const ReconciliationSource& source, int year, bool is_dry_run,
                     const ReportProgress& report);

  const std::filesystem::path& folder() const { return folder_; }
  /// Where the files of the statement are made.
  std::filesystem::path statement() const { return folder_ / "statement"; }

  const StateReader& state() const { return files_->state; }
  const Practices& practices() const { return files_->practices; }
  ReconciliationParts& parts() { return files_->parts; }
  StatementTables& tables() { return files_->tables; }

  Progress& progress() { return progress_; }
  bool is_in(Phase phase) const { return progress_.at.phase == phase; }
  /// The part that is taken up next.
  std::size_t part() const { return progress_.at.next_part; }
  /// A phase is done: a killed run is continued at the beginning of this next one.
  void go_on(Phase phase);
  /// A part is done, and with the last one the phase.
  void go_on_with_next_part(Phase next);

  /// Closes all files; nothing but the folder is left.
  void close() { files_.reset(); }

 private:
  struct WorkFiles {
    WorkFiles(const std::filesystem::path& folder, std::uint64_t positions_per_part);
    StateReader state;
    StatementTables tables;
    Practices practices;
    ReconciliationParts parts;
  };

  bool is_continued(std::uint64_t positions_per_part, std::uint64_t previous);
  void begin(const ReconciliationSource& source, bool is_dry_run, std::uint64_t previous,
             const ReportProgress& report);
  void save();

  const std::filesystem::path folder_;
  Progress progress_;
  std::unique_ptr<WorkFiles> files_;
};

}  // namespace storage
