#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/rocksdb/database.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "tests/storage/temp_folder.h"

namespace storage {
namespace {

using test::TempFolder;

std::string key_of(std::uint32_t number) {
  char text[11];
  std::snprintf(text, sizeof text, "%010u", number);
  return text;
}

/// How many rows there are, if they are those from 0 on; nothing when one is missing.
std::optional<std::uint32_t> rows_without_a_gap(const Database& database) {
  std::uint32_t count = 0;
  bool is_whole = true;
  const auto read =
      database.for_each(0, {}, [&](std::string_view key, std::string_view) -> ledger::Result<void> {
        is_whole = is_whole && key == key_of(count++);
        return ledger::ok();
      });
  return read && is_whole ? std::optional(count) : std::nullopt;
}

// What a flush moves from the log to a sorted file while another process opens the database is in
// one of the two that it looks at.
TEST(Database, opened_beside_its_writer_has_all_that_was_there_before) {
  const TempFolder temp;
  const std::string folder = (temp / "journal").string();
  const auto families = journal_families(4U << 20);
  const Database writing(folder, journal_db_options(nullptr), families);
  std::atomic<std::uint32_t> written{0};
  std::atomic<bool> is_ended{false};
  std::thread writer([&] {
    while (!is_ended) {
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(writing.db()
                        .Put(rocksdb::WriteOptions(), writing.family(0), key_of(written), "row")
                        .ok());
        ++written;
      }
      ASSERT_TRUE(writing.db().Flush(rocksdb::FlushOptions(), writing.family(0)).ok());
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  });
  const std::string error = test::error_of([&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    while (std::chrono::steady_clock::now() < end) {
      const std::uint32_t before = written;
      const Database reading(folder, journal_db_options(nullptr), families, OpenMode::read_only);
      const auto rows = rows_without_a_gap(reading);
      EXPECT_TRUE(rows && *rows >= before) << rows.value_or(0) << " of " << before;
    }
  });
  EXPECT_EQ(error, "");
  is_ended = true;
  writer.join();
}

}  // namespace
}  // namespace storage
