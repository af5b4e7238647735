#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/bytes/format.h"
#include "storage/state/state_families.h"

namespace storage {

/// The stored state as files, for reading all of it: reconciliation, export, comparison. The folder
/// is a copy, or its ledger is closed. Nothing in it is changed.
class StateReader {
 public:
  using UseRow = std::function<ledger::Result<void>(std::string_view key, std::string_view value)>;

  /// Throws std::runtime_error when the folder is no state or damaged.
  explicit StateReader(const std::filesystem::path& folder);
  ~StateReader();

  /// How far the journal has been applied to it, and the totals there.
  const AppliedState& applied() const { return applied_; }

  /// Calls `use` with the rows of a family from the key `first` on, and before `end` unless that is
  /// empty, ascending; stops at its first error. `corrupt_record` at a damaged block.
  ledger::Result<void> for_each(StateFamily family, std::string_view first, const UseRow& use,
                                std::string_view end = {}) const;
  ledger::Result<std::optional<std::string>> get(StateFamily family, std::string_view key) const;

 private:
  friend class StateCursor;
  struct Impl;
  std::unique_ptr<Impl> impl_;
  AppliedState applied_;
};

/// The rows of a family one by one, ascending: for two states side by side.
class StateCursor {
 public:
  /// At the first row. The reader must outlive it.
  StateCursor(const StateReader& state, StateFamily family);
  ~StateCursor();

  bool is_at_row() const;
  std::string_view key() const;
  std::string_view value() const;
  void next();
  /// Whether the end was the last row: `corrupt_record` when a damaged block was before it.
  ledger::Result<void> status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace storage
