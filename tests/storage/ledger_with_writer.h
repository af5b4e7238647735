#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/writer/group_writer.h"
#include "storage/journal/rocksdb_journal.h"
#include "storage/ledger_files/ledger_files.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "tests/storage/workload.h"

// A ledger on disk for tests: filled as the service does it, and damaged on purpose.
namespace storage::test {

inline LedgerOptions options_in(const std::filesystem::path& folder,
                                std::uint64_t hand_over_items = 1'000'000) {
  LedgerOptions options;
  options.folder = folder;
  options.state.hand_over_items = hand_over_items;
  return options;
}

/// A ledger with its writer: items in, groups committed.
class LedgerWithWriter {
 public:
  explicit LedgerWithWriter(const LedgerOptions& options)
      : files_(options),
        writer_(files_.state(), files_.journal(), files_.rules(), files_.are_rules_new(),
                [](const auto&...) { return ledger::ok(); }) {}

  void commit(std::span<const ledger::Item> items) { commit_in_groups(items, items.size()); }

  /// So many groups share a sync.
  void commit_in_groups(std::span<const ledger::Item> items, std::size_t group_size,
                        std::size_t together = 1) {
    std::vector<ingest::PendingGroup> groups;
    while (!items.empty()) {
      const std::size_t size = std::min(group_size, items.size());
      build(items.first(size), groups.emplace_back());
      items = items.subspan(size);
      if (groups.size() < together && !items.empty()) continue;
      ASSERT_TRUE(writer_.commit(groups));
      files_.state().note_durable(groups.back().group.next_position());
      groups.clear();
    }
  }

  std::string checksum() { return files_.state().head().totals.checksum.hex(); }
  StateTotals totals() { return files_.state().head().totals; }
  LedgerFiles& files() { return files_; }

 private:
  void build(std::span<const ledger::Item> items, ingest::PendingGroup& pending) {
    pending.submissions.push_back(std::make_unique<ingest::Submission>());
    for (const ledger::Item& item : items) {
      ingest::ParsedItem& parsed = pending.submissions.back()->items.emplace_back();
      parsed.item = item;
      parsed.has_guid = true;
    }
    ASSERT_TRUE(writer_.build(pending, items.front().received));
  }

  LedgerFiles files_;
  ingest::GroupWriter writer_;
};

inline std::vector<ledger::Item> items_of(std::uint64_t seed, std::size_t count) {
  return Workload(seed).take(count);
}

/// The journal database below the ledger, for damage done on purpose.
class OpenJournal {
 public:
  explicit OpenJournal(const std::filesystem::path& folder)
      : database_((folder / "journal").string(), journal_db_options(),
                  journal_families(JournalOptions().write_buffer_bytes)) {}

  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    const std::unique_ptr<rocksdb::Iterator> row{
        database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(0))};
    for (row->SeekToFirst(); row->Valid(); row->Next()) keys.push_back(row->key().ToString());
    return keys;
  }
  std::string get(const std::string& key) {
    std::string value;
    EXPECT_TRUE(database_.db().Get(rocksdb::ReadOptions(), database_.family(0), key, &value).ok());
    return value;
  }
  void put(const std::string& key, const std::string& value) {
    EXPECT_TRUE(database_.db().Put(rocksdb::WriteOptions(), database_.family(0), key, value).ok());
  }
  void remove(const std::string& key) {
    EXPECT_TRUE(database_.db().Delete(rocksdb::WriteOptions(), database_.family(0), key).ok());
  }
  /// Out of the log of writes, into a sorted file.
  void flush() {
    EXPECT_TRUE(database_.db().Flush(rocksdb::FlushOptions(), database_.family(0)).ok());
  }

 private:
  Database database_;
};

/// The journal's log of writes; there is one as long as it is short.
inline std::filesystem::path journal_wal(const std::filesystem::path& folder) {
  std::filesystem::path newest;
  for (const auto& file : std::filesystem::directory_iterator(folder / "journal")) {
    const bool is_newer = newest.empty() || file.path().filename() > newest.filename();
    if (file.path().extension() == ".log" && is_newer) newest = file.path();
  }
  return newest;
}

inline void flip_byte(const std::filesystem::path& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(file.get() ^ 0x5a);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
  ASSERT_TRUE(file.good());
}

}  // namespace storage::test
