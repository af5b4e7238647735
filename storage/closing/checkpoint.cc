#include "storage/closing/checkpoint.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace storage {
namespace {

namespace fs = std::filesystem;

/// What the kernel calls the time since the machine was started; zeros when it does not say.
std::array<char, 36> boot_now() {
  std::array<char, 36> boot{};
  std::ifstream file("/proc/sys/kernel/random/boot_id", std::ios::binary);
  if (!file.read(boot.data(), boot.size())) boot.fill('\0');
  return boot;
}

/// Nothing of a run is synced before its end. So after a power cut its checkpoint may be on the
/// disk, and what it speaks of may not.
bool is_of_this_boot(const RunPlace& place) {
  return place.boot == boot_now() && place.boot != std::array<char, 36>{};
}

template <class Value>
void write_value(OutputFile& file, const Value& value) {
  file.write({reinterpret_cast<const char*>(&value), sizeof value});
}

template <class Value>
void write_values(OutputFile& file, const std::vector<Value>& values) {
  const std::uint64_t count = values.size();
  write_value(file, count);
  file.write({reinterpret_cast<const char*>(values.data()), count * sizeof(Value)});
}

template <class Value>
bool read_value(std::ifstream& file, Value& value) {
  return static_cast<bool>(file.read(reinterpret_cast<char*>(&value), sizeof value));
}

template <class Value>
bool read_values(std::ifstream& file, std::vector<Value>& values) {
  std::uint64_t count = 0;
  if (!read_value(file, count) || count > (1U << 24)) return false;
  values.resize(count);
  return static_cast<bool>(file.read(reinterpret_cast<char*>(values.data()),
                                     static_cast<std::streamsize>(count * sizeof(Value))));
}

}  // namespace

void save_checkpoint(const fs::path& path, const Progress& progress, ReconciliationParts& parts,
                     StatementTables& tables) {
  parts.registrations.finish();
  parts.unpaid.finish();
  std::vector<TableFile::Extent> extents;
  for (TableFile* const table : tables.files()) {
    table->file().flush();
    extents.push_back(table->extent());
  }
  fs::path fresh = path;
  fresh += ".new";
  fs::remove(fresh);
  OutputFile file(fresh);
  RunPlace at = progress.at;
  at.boot = boot_now();
  write_value(file, at);
  write_value(file, progress.figures);
  write_values(file, progress.rule_packs);
  write_values(file, progress.practices);
  write_values(file, progress.merges);
  write_values(file, extents);
  write_values(file, parts.registrations.sizes());
  write_values(file, parts.unpaid.sizes());
  file.flush();
  fs::rename(fresh, path);
}

std::optional<Checkpoint> Checkpoint::read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Checkpoint kept;
  Progress& progress = kept.progress_;
  const bool is_current = read_value(file, progress.at) &&
                          progress.at.format == RunPlace().format && is_of_this_boot(progress.at);
  if (is_current && read_value(file, progress.figures) && read_values(file, progress.rule_packs) &&
      read_values(file, progress.practices) && read_values(file, progress.merges) &&
      read_values(file, kept.extents_) && read_values(file, kept.registrations_) &&
      read_values(file, kept.unpaid_)) {
    return kept;
  }
  return std::nullopt;
}

bool Checkpoint::take_back(ReconciliationParts& parts, StatementTables& tables) const {
  const std::vector<TableFile*> files = tables.files();
  if (files.size() != extents_.size() || registrations_.size() != parts.count ||
      unpaid_.size() != parts.count) {
    return false;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i]->continue_at(extents_[i])) return false;
  }
  // The parts that have been compared are not there any more.
  std::vector<std::uint64_t> left = registrations_;
  const Phase phase = progress_.at.phase;
  if (phase == Phase::registrations) std::fill_n(left.begin(), progress_.at.next_part, 0);
  if (phase == Phase::timeliness) std::fill(left.begin(), left.end(), 0);
  return parts.registrations.continue_at(left) && parts.unpaid.continue_at(unpaid_);
}

}  // namespace storage
