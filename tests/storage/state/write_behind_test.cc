#include "storage/state/write_behind.h"

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

/// Room for so many clean rows that none is dropped here.
constexpr std::size_t plenty = 1'000'000;

void thaw(Rows& rows) {
  for (std::size_t stripe = 0; stripe < stripe_count; ++stripe) rows.thaw_stripe(stripe);
}

std::optional<std::uint64_t> find(const Rows& rows, int key) {
  std::optional<std::uint64_t> value;
  rows.visit(key, [&](std::uint64_t row) { value = row; });
  return value;
}

TEST(WriteBehind, finds_a_row_before_and_during_the_hand_over) {
  Rows rows(plenty);
  EXPECT_EQ(find(rows, 1), std::nullopt);
  EXPECT_TRUE(rows.put(1, 10U));
  EXPECT_FALSE(rows.put(1, 11U));
  EXPECT_EQ(find(rows, 1), 11U);
  rows.freeze();
  EXPECT_EQ(find(rows, 1), 11U);
  ASSERT_EQ(rows.frozen_rows().size(), 1U);
}

TEST(WriteBehind, keeps_clean_rows_only_when_asked) {
  for (const std::size_t clean_rows_max : {std::size_t{0}, plenty}) {
    Rows rows(clean_rows_max);
    rows.put(1, 10U);
    rows.freeze();
    thaw(rows);
    EXPECT_EQ(find(rows, 1).has_value(), clean_rows_max != 0);
  }
}

TEST(WriteBehind, drops_the_older_half_of_the_clean_rows_when_they_are_too_many) {
  constexpr int rows_max = 3200;
  Rows rows(rows_max);
  const auto count_found = [&rows](int first) {
    int count = 0;
    for (int key = first; key < first + rows_max; ++key) count += find(rows, key) ? 1 : 0;
    return count;
  };
  for (int key = 0; key < rows_max; ++key) {
    if (key % 2 == 0) {
      rows.remember(key, 1U);
    } else {
      rows.put(key, 1U);
      rows.freeze();
      thaw(rows);
    }
  }
  EXPECT_GT(count_found(0), rows_max / 2);
  for (int key = rows_max; key < 3 * rows_max; ++key) rows.remember(key, 1U);
  EXPECT_EQ(count_found(0), 0);
  EXPECT_GT(count_found(2 * rows_max), rows_max / 2);
}

TEST(WriteBehind, remembers_nothing_when_clean_rows_are_dropped) {
  Rows rows(0);
  rows.remember(1, 10U);
  EXPECT_EQ(find(rows, 1), std::nullopt);
}

TEST(WriteBehind, shows_the_newest_of_all_tiers) {
  Rows rows(plenty);
  rows.put(1, 10U);
  rows.freeze();
  thaw(rows);
  rows.put(1, 11U);
  rows.freeze();
  EXPECT_EQ(find(rows, 1), 11U);
  rows.put(1, 12U);
  EXPECT_EQ(find(rows, 1), 12U);
}

TEST(WriteBehind, updates_a_copy_and_leaves_what_is_being_handed_over) {
  Rows rows(plenty);
  const auto add_one = [](std::uint64_t& value) { ++value; };
  EXPECT_FALSE(rows.update(1, add_one));
  rows.put(1, 10U);
  rows.freeze();
  EXPECT_TRUE(rows.update(1, add_one));
  EXPECT_EQ(find(rows, 1), 11U);
  EXPECT_EQ(*rows.frozen_rows().front().second, 10U);
  thaw(rows);
  EXPECT_EQ(find(rows, 1), 11U);
  rows.freeze();
  thaw(rows);
  EXPECT_TRUE(rows.update(1, add_one)) << "from the clean tier";
  EXPECT_EQ(find(rows, 1), 12U);
}

TEST(WriteBehind, with_its_files_behind_it_equals_a_plain_map) {
  constexpr std::uint64_t seed = 20;
  RecordProperty("seed", std::to_string(seed));
  for (const std::size_t clean_rows_max : {std::size_t{0}, std::size_t{64}, plenty}) {
    Prng prng(seed);
    Rows rows(clean_rows_max);
    std::map<int, std::uint64_t> files;
    std::map<int, std::uint64_t> expected;
    enum { none, writing, thawing } frozen = none;
    std::size_t stripe = 0;
    for (int step = 0; step < 50'000; ++step) {
      const int key = static_cast<int>(prng.below(300));
      const auto number = static_cast<std::uint64_t>(step);
      if (!rows.update(key, [&](std::uint64_t& value) { value = number; })) rows.put(key, number);
      expected[key] = number;
      if (frozen == none && prng.chance(1, 100)) {
        rows.freeze();
        frozen = writing;
      } else if (frozen == writing && prng.chance(1, 50)) {
        for (const auto& [row, value] : rows.frozen_rows()) files[row] = *value;
        frozen = thawing;
        stripe = 0;
      } else if (frozen == thawing) {
        rows.thaw_stripe(stripe++);
        if (stripe == stripe_count) frozen = none;
      }
      const int asked = static_cast<int>(prng.below(300));
      const std::uint64_t* const found_here = rows.find(asked);
      ASSERT_EQ(find(rows, asked).has_value(), found_here != nullptr);
      std::optional<std::uint64_t> found;
      if (found_here != nullptr) {
        found = *found_here;
      } else if (files.contains(asked)) {
        found = files[asked];
        rows.remember(asked, *found);
      }
      ASSERT_EQ(found.has_value(), expected.contains(asked)) << "seed " << seed << " step " << step;
      if (found) {
        ASSERT_EQ(*found, expected[asked]) << "seed " << seed << " step " << step;
      }
    }
  }
}

TEST(WriteBehind, takes_room_that_another_thread_makes_meanwhile) {
  constexpr int changes = 20'000;
  Rows rows(0, changes);
  std::thread maker;
  for (int round = 0; round < 3; ++round) {
    if (round < 2) maker = std::thread([&rows] { rows.make_room_for_changes(); });
    for (int key = 0; key < changes; ++key) {
      rows.put(key, static_cast<std::uint64_t>(key + round));
      if (key == changes / 2 && maker.joinable()) maker.join();
      ASSERT_EQ(find(rows, key / 2), static_cast<std::uint64_t>(key / 2 + round));
    }
    rows.freeze();
    ASSERT_EQ(rows.frozen_rows().size(), static_cast<std::size_t>(changes));
    ASSERT_EQ(find(rows, changes - 1), static_cast<std::uint64_t>(changes - 1 + round));
    thaw(rows);
  }
}

TEST(WriteBehind, never_goes_back_for_a_reader_on_another_thread) {
  Rows rows(plenty);
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
    thaw(rows);
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(find(rows, 3), 2'000U);
}

}  // namespace
}  // namespace storage::test
