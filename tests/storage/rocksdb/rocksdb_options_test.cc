#include <gtest/gtest.h>
#include <rocksdb/table.h>

#include <set>

#include "storage/journal/rocksdb_journal.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_families_internal.h"

namespace storage::test {
namespace {

/// The caches of an opening, of all its families.
std::set<const rocksdb::Cache*> caches_of(const std::vector<DatabaseFamily>& families) {
  std::set<const rocksdb::Cache*> caches;
  for (const DatabaseFamily& family : families) {
    const auto* const table =
        family.options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    EXPECT_NE(table, nullptr);
    EXPECT_NE(table->block_cache, nullptr);
    caches.insert(table->block_cache.get());
  }
  return caches;
}

TEST(RocksDbOptions, give_each_opening_of_the_state_one_cache_of_its_own) {
  const auto first = state_families();
  const auto second = state_families();
  EXPECT_EQ(caches_of(first).size(), 1U);
  EXPECT_EQ(caches_of(second).size(), 1U);
  EXPECT_NE(caches_of(first), caches_of(second))
      << "what was read before must not hide damage of the files";
}

TEST(RocksDbOptions, give_each_opening_of_the_journal_caches_of_its_own) {
  const auto first = journal_families(JournalOptions().write_buffer_bytes);
  const auto second = journal_families(JournalOptions().write_buffer_bytes);
  for (const rocksdb::Cache* const cache : caches_of(first)) {
    EXPECT_EQ(caches_of(second).count(cache), 0U);
  }
}

}  // namespace
}  // namespace storage::test
