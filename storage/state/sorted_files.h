#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/state/prefetch.h"
#include "storage/state/state_families.h"

namespace storage {

class StateFiles;

/// The sorted files of a hand-over, at most one a family: written one after the other, then
/// ingested by the database all in one step. Each function throws std::runtime_error, and notes the
/// fault, when it fails. From the thread that hands over.
class SortedFiles {
 public:
  explicit SortedFiles(const StateFiles& files);
  ~SortedFiles();

  /// Writes the file of a family: `encode` makes key and row of each of `rows`, nothing instead of
  /// a row when it is to be taken out. REQUIRES: `rows` are in the order of their encoded keys.
  template <class Rows, class Encode>
  void write(StateFamily family, const Rows& rows, const Encode& encode) {
    if (rows.empty()) return;
    open(family);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + 32 < rows.size()) prefetch_row(rows[i + 32]);
      if (i + 16 < rows.size()) prefetch_content(rows[i + 16]);
      const auto [key, row] = encode(rows[i]);
      add({key.data(), key.size()}, view_of_row(row));
    }
    finish(family);
  }
  /// Makes all rows written part of the database, or none of them.
  void ingest();

 private:
  using RowView = std::optional<std::string_view>;
  static RowView view_of_row(std::string_view row) { return row; }
  static RowView view_of_row(const std::string& row) { return row; }
  static RowView view_of_row(const std::optional<std::string>& row) { return row; }
  static RowView view_of_row(const std::optional<std::string_view>& row) { return row; }

  // Rows in the order of their keys lie anywhere in memory, and so do their bytes.
  template <class Key, class Value>
  static void prefetch_row(const std::pair<Key, const Value*>& row) {
    __builtin_prefetch(row.second);
  }
  static void prefetch_row(const auto& /*row*/) {}
  template <class Key>
  static void prefetch_content(const std::pair<Key, const std::string*>& row) {
    prefetch_bytes(*row.second);
  }
  static void prefetch_content(const auto& /*row*/) {}

  void open(StateFamily family);
  void add(std::string_view key, RowView row);
  void finish(StateFamily family);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace storage
