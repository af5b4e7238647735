#include "storage/closing/reconciliation_work.h"

#include <algorithm>

#include "storage/files/files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t parts_max = 256;

std::size_t parts_of(const AppliedState& applied, std::uint64_t positions_per_part) {
  return std::min(applied.next_position.value() / positions_per_part + 1, parts_max);
}

}  // namespace

ReconciliationWork::WorkFiles::WorkFiles(const fs::path& folder, std::uint64_t positions_per_part)
    : state(folder / "state"),
      tables(folder / "statement"),
      practices(state),
      parts(folder / "parts", parts_of(state.applied(), positions_per_part),
            state.applied().totals.persons + 1, practices.count()) {}

ReconciliationWork::ReconciliationWork(const ReconciliationSource& source, int year,
                                       bool is_dry_run, const ReportProgress& report)
    : folder_(reconciliation_work(source.folder, year, is_dry_run)) {
  const std::uint64_t previous = source.statements.size();
  if (!is_continued(source.positions_per_part, previous)) {
    begin(source, is_dry_run, previous, report);
  }
}

/// A run is not continued when another statement has been made since, or when its files do not fit
/// its checkpoint.
bool ReconciliationWork::is_continued(std::uint64_t positions_per_part, std::uint64_t previous) {
  const auto kept = Checkpoint::read(folder_ / "checkpoint");
  if (!kept || kept->progress().at.previous != previous) return false;
  progress_ = kept->progress();
  files_ = std::make_unique<WorkFiles>(folder_, positions_per_part);
  return kept->take_back(files_->parts, files_->tables);
}

void ReconciliationWork::begin(const ReconciliationSource& source, bool is_dry_run,
                               std::uint64_t previous, const ReportProgress& report) {
  // Of a run that could not be continued.
  files_.reset();
  progress_ = {};
  fs::remove_all(folder_);
  if (fs::create_directories(folder_.parent_path())) sync_folder(source.folder);
  fs::create_directories(folder_ / "parts");
  fs::create_directories(statement());
  report("copying the state", "copies", 0, 1);
  source.copy_state(folder_ / "state");
  files_ = std::make_unique<WorkFiles>(folder_, source.positions_per_part);
  progress_.at.previous = previous;
  progress_.at.number = is_dry_run ? 0 : previous + 1;
  progress_.at.position = state().applied().last().value();
}

void ReconciliationWork::go_on(Phase phase) {
  progress_.at.phase = phase;
  progress_.at.next_part = 0;
  save();
}

void ReconciliationWork::go_on_with_next_part(Phase next) {
  ++progress_.at.next_part;
  if (progress_.at.next_part == files_->parts.count) {
    go_on(next);
  } else {
    save();
  }
}

void ReconciliationWork::save() {
  save_checkpoint(folder_ / "checkpoint", progress_, files_->parts, files_->tables);
}

}  // namespace storage
