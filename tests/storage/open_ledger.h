#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ingest/shard_writer.h"
#include "storage/shard.h"
#include "tests/storage/workload.h"

namespace storage::test {

inline ShardOptions options_in(const std::filesystem::path& folder,
                               std::uint64_t hand_over_items = 1'000'000) {
  ShardOptions options;
  options.folder = folder;
  options.state.hand_over_items = hand_over_items;
  return options;
}

/// A shard with its writer: items in, groups committed.
class OpenLedger {
 public:
  explicit OpenLedger(const ShardOptions& options)
      : shard_(options),
        writer_(shard_.state(), shard_.journal(), shard_.rules(), shard_.are_rules_new(),
                [](const ingest::Submission&, const ingest::ParsedItem&) {}) {}

  void commit(const std::vector<ledger::Item>& items) {
    ingest::PendingGroup pending;
    pending.submissions.push_back(std::make_unique<ingest::Submission>());
    for (const ledger::Item& item : items) {
      ingest::ParsedItem& parsed = pending.submissions.back()->items.emplace_back();
      parsed.item = item;
      parsed.has_guid = true;
    }
    ASSERT_TRUE(writer_.build(pending, items.front().received));
    ASSERT_TRUE(writer_.commit(pending));
    shard_.state().note_durable(pending.group.next_position());
  }

  void commit_in_groups(const std::vector<ledger::Item>& items, std::size_t group_size) {
    for (std::size_t i = 0; i < items.size(); i += group_size) {
      const auto first = items.begin() + static_cast<std::ptrdiff_t>(i);
      const std::size_t size = std::min(group_size, items.size() - i);
      commit({first, first + static_cast<std::ptrdiff_t>(size)});
    }
  }

  std::string checksum() { return shard_.state().head().totals.checksum.hex(); }
  StateTotals totals() { return shard_.state().head().totals; }
  Shard& shard() { return shard_; }

 private:
  Shard shard_;
  ingest::ShardWriter writer_;
};

inline std::vector<ledger::Item> items_of(std::uint64_t seed, std::size_t count) {
  return Workload(seed).take(count);
}

}  // namespace storage::test
