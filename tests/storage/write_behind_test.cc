#include "storage/write_behind.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "tests/support/prng.h"

namespace storage::test {
namespace {

using ledger::test::Prng;

struct Hash {
  std::size_t operator()(int key) const { return Prng::mix(static_cast<std::uint64_t>(key)); }
};
using Rows = WriteBehind<int, std::uint64_t, Hash>;

std::optional<std::uint64_t> find(const Rows& rows, int key) {
  std::optional<std::uint64_t> value;
  rows.visit(key, [&](std::uint64_t row) { value = row; });
  return value;
}

TEST(WriteBehind, finds_a_row_before_and_during_the_hand_over) {
  Rows rows;
  EXPECT_EQ(find(rows, 1), std::nullopt);
  EXPECT_TRUE(rows.put(1, 10U));
  EXPECT_FALSE(rows.put(1, 11U));
  EXPECT_EQ(find(rows, 1), 11U);
  rows.freeze();
  EXPECT_EQ(find(rows, 1), 11U);
  ASSERT_EQ(rows.frozen_rows().size(), 1U);
}

TEST(WriteBehind, keeps_clean_rows_only_when_asked) {
  for (const bool keep_clean : {false, true}) {
    Rows rows;
    rows.put(1, 10U);
    rows.freeze();
    rows.thaw(keep_clean);
    EXPECT_EQ(find(rows, 1).has_value(), keep_clean);
  }
}

TEST(WriteBehind, keeps_clean_rows_until_the_next_hand_over) {
  Rows rows;
  rows.put(1, 10U);
  rows.freeze();
  rows.thaw(true);
  rows.put(2, 20U);
  rows.freeze();
  rows.thaw(true);
  EXPECT_EQ(find(rows, 1), std::nullopt);
  EXPECT_EQ(find(rows, 2), 20U);
}

TEST(WriteBehind, shows_the_newest_of_all_tiers) {
  Rows rows;
  rows.put(1, 10U);
  rows.freeze();
  rows.thaw(true);
  rows.put(1, 11U);
  rows.freeze();
  EXPECT_EQ(find(rows, 1), 11U);
  rows.put(1, 12U);
  EXPECT_EQ(find(rows, 1), 12U);
}

TEST(WriteBehind, updates_a_copy_and_leaves_what_is_being_handed_over) {
  Rows rows;
  const auto add_one = [](std::uint64_t& value) { ++value; };
  EXPECT_FALSE(rows.update(1, add_one));
  rows.put(1, 10U);
  rows.freeze();
  EXPECT_TRUE(rows.update(1, add_one));
  EXPECT_EQ(find(rows, 1), 11U);
  EXPECT_EQ(*rows.frozen_rows().front().second, 10U);
  rows.thaw(true);
  EXPECT_EQ(find(rows, 1), 11U);
  rows.freeze();
  rows.thaw(true);
  EXPECT_TRUE(rows.update(1, add_one)) << "from the clean tier";
  EXPECT_EQ(find(rows, 1), 12U);
}

TEST(WriteBehind, with_its_files_behind_it_equals_a_plain_map) {
  constexpr std::uint64_t seed = 20;
  RecordProperty("seed", std::to_string(seed));
  Prng prng(seed);
  Rows rows;
  std::map<int, std::uint64_t> files;
  std::map<int, std::uint64_t> expected;
  bool is_frozen = false;
  for (int step = 0; step < 50'000; ++step) {
    const int key = static_cast<int>(prng.below(300));
    const auto number = static_cast<std::uint64_t>(step);
    if (!rows.update(key, [&](std::uint64_t& value) { value = number; })) rows.put(key, number);
    expected[key] = number;
    if (!is_frozen && prng.chance(1, 100)) {
      rows.freeze();
      is_frozen = true;
    } else if (is_frozen && prng.chance(1, 50)) {
      for (const auto& [frozen, value] : rows.frozen_rows()) files[frozen] = *value;
      rows.thaw(prng.chance(1, 2));
      is_frozen = false;
    }
    const int asked = static_cast<int>(prng.below(300));
    auto found = find(rows, asked);
    if (!found && files.contains(asked)) found = files[asked];
    ASSERT_EQ(found.has_value(), expected.contains(asked)) << "seed " << seed << " step " << step;
    if (found) {
      ASSERT_EQ(*found, expected[asked]) << "seed " << seed << " step " << step;
    }
  }
}

TEST(WriteBehind, never_goes_back_for_a_reader_on_another_thread) {
  Rows rows;
  for (int key = 0; key < 16; ++key) rows.put(key, 0U);
  std::atomic<bool> is_done{false};
  std::atomic<int> faults{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      std::array<std::uint64_t, 16> last{};
      while (!is_done) {
        for (int key = 0; key < 16; ++key) {
          const auto value = find(rows, key);
          auto& seen = last[static_cast<std::size_t>(key)];
          if (!value || *value < seen) ++faults;
          seen = value.value_or(seen);
        }
      }
    });
  }
  for (std::uint64_t round = 1; round <= 2'000; ++round) {
    for (int key = 0; key < 16; ++key) rows.update(key, [&](std::uint64_t& value) { ++value; });
    rows.freeze();
    rows.thaw(true);
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(find(rows, 3), 2'000U);
}

}  // namespace
}  // namespace storage::test
