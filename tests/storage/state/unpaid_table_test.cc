#include "storage/state/unpaid_table.h"

#include <gtest/gtest.h>

#include <limits>

#include "storage/state/state_files.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

using ledger::Position;
using ledger::PracticeNumber;
using ledger::UnpaidKey;
using ledger::UnpaidRegistration;

/// For tables that are all in memory.
struct EmptyFiles {
  TempFolder temp;
  StateFiles files{temp / "state", nullptr, OpenMode::read_write, {}};
  StateOptions options;
  StateTotals totals;
  TableContext context{files, totals, options};
};

UnpaidKey key_at(std::uint64_t position) {
  return {PracticeNumber{7}, ledger::Date{std::chrono::days{20'000}}, Position{position}};
}
UnpaidRegistration registration(std::uint64_t position) {
  UnpaidRegistration row;
  row.position = Position{position};
  return row;
}

/// Positions of what is there, and with a minus of what has gone, from `first` on.
std::string text_of(const UnpaidTable& table, std::uint64_t first, std::size_t changes_max,
                    UnpaidKey last = key_at(std::numeric_limits<std::uint64_t>::max())) {
  std::string text;
  for (const auto& [key, row] : table.changes(key_at(first), last, changes_max)) {
    text += (row ? "" : "-") + std::to_string(key.position.value()) + " ";
  }
  return text + "to " +
         (last.position.value() > 100 ? "the end" : std::to_string(last.position.value()));
}

TEST(UnpaidTable, forgets_what_comes_and_goes_before_a_freeze) {
  EmptyFiles files;
  UnpaidTable table(files.context);
  table.add(key_at(1), registration(1));
  table.add(key_at(2), registration(2));
  table.remove(key_at(1));
  EXPECT_EQ(text_of(table, 0, 10), "2 to the end");
}

TEST(UnpaidTable, remembers_what_went_after_it_was_frozen) {
  EmptyFiles files;
  UnpaidTable table(files.context);
  table.add(key_at(1), registration(1));
  table.freeze();
  table.remove(key_at(1));
  table.add(key_at(3), registration(3));
  EXPECT_EQ(text_of(table, 0, 10), "-1 3 to the end");
  EXPECT_EQ(table.frozen().size(), 1U);
  table.forget_frozen();
  EXPECT_EQ(text_of(table, 0, 10), "-1 3 to the end")
      << "the file has it, so the change still counts";
  table.freeze();
  EXPECT_EQ(table.frozen().size(), 2U);
}

TEST(UnpaidTable, says_up_to_where_its_changes_are_whole) {
  EmptyFiles files;
  UnpaidTable table(files.context);
  for (const std::uint64_t at : {1U, 4U, 7U, 9U}) table.add(key_at(at), registration(at));
  table.freeze();
  for (const std::uint64_t at : {2U, 3U, 5U, 6U}) table.add(key_at(at), registration(at));
  EXPECT_EQ(text_of(table, 0, 3), "1 2 3 4 5 to 5");
  EXPECT_EQ(text_of(table, 6, 3), "6 7 9 to the end");
  EXPECT_EQ(text_of(table, 2, 10, key_at(5)), "2 3 4 5 to 5");
}

TEST(UnpaidTable, keeps_practices_and_days_apart) {
  EmptyFiles files;
  UnpaidTable table(files.context);
  UnpaidKey other = key_at(1);
  other.practice = PracticeNumber{8};
  table.add(other, registration(1));
  other = key_at(2);
  other.service_date += std::chrono::days{1};
  table.add(other, registration(2));
  EXPECT_EQ(text_of(table, 0, 10), "to the end");
}

}  // namespace
}  // namespace storage::test
