#include "storage/state/state_comparison.h"

#include <gtest/gtest.h>

#include "ledger/values/rfc3339.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/state/open_state.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Money;

const ReportProgress no_report = [](std::string_view, std::string_view, std::uint64_t,
                                    std::uint64_t) {};

/// A closed ledger of random items, and its journal replayed beside it.
class StateComparisonTest : public testing::Test {
 protected:
  StateComparisonTest() {
    {
      LedgerWithWriter ledger(options_in(temp_ / "data", 500));
      ledger.commit_in_groups(items_of(21, 1500), 150);
      ledger.files().journal().copy_files(temp_ / "journal");
      ledger.files().access_log().copy_files(temp_ / "access-log");
      totals_ = ledger.totals();
    }
    fs::create_directory(temp_ / "again");
    fs::rename(temp_ / "journal", temp_ / "again/journal");
    fs::rename(temp_ / "access-log", temp_ / "again/access-log");
    fs::copy(temp_ / "data/keys", temp_ / "again/keys");
    LedgerWithWriter(options_in(temp_ / "again"));
  }

  fs::path stored() const { return temp_ / "data/state"; }
  fs::path rebuilt() const { return temp_ / "again/state"; }

  StateComparison compare(std::size_t listed_max = 100) const {
    return compare_states(StateReader(stored()), StateReader(rebuilt()), listed_max, no_report);
  }

  std::vector<std::pair<std::string, std::string>> rows(StateFamily family) const {
    return rows_of(stored(), family);
  }

  /// An account with a card and a refund line, and its key.
  std::pair<ledger::AccountKey, ledger::Account> account_with_refund() const {
    ledger::Account account;
    for (const auto& [key, row] : rows(StateFamily::accounts)) {
      EXPECT_TRUE(decode_account(row, account));
      if (!account.refund_lines.empty()) return {decode_account_key(key), account};
    }
    ADD_FAILURE() << "the workload has no refunds";
    return {};
  }

  void store(const ledger::AccountKey& key, const ledger::Account& account) const {
    std::string row;
    encode_account(account, row);
    OpenState(stored()).put(StateFamily::accounts, account_key(key), row);
  }

  /// Expects one difference, and gives it.
  StateDifference only_difference() const {
    const StateComparison comparison = compare();
    EXPECT_EQ(comparison.difference_count, 1U);
    EXPECT_EQ(comparison.differences.size(), 1U);
    return comparison.differences.empty() ? StateDifference() : comparison.differences.front();
  }

  /// Whether the stored rows still give the checksum that was kept with every change.
  bool is_checksum_right() const {
    return recompute_checksum(StateReader(stored()), no_report) == totals_.checksum;
  }

  TempFolder temp_;
  StateTotals totals_;
};

TEST_F(StateComparisonTest, finds_a_replayed_journal_equal) {
  const StateComparison comparison = compare();
  EXPECT_EQ(comparison.difference_count, 0U);
  EXPECT_EQ(comparison.first_checksum, totals_.checksum);
  EXPECT_EQ(comparison.second_checksum, totals_.checksum);
  EXPECT_TRUE(is_checksum_right());
  EXPECT_GT(totals_.cards, 0U);
  EXPECT_GT(totals_.credit_notes, 0U);
}

TEST_F(StateComparisonTest, names_person_year_and_field_of_a_changed_sum) {
  auto [key, account] = account_with_refund();
  account.counted_sum += Money::from_ore(1);
  store(key, account);
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.family, StateFamily::accounts);
  EXPECT_EQ(difference.person_ref, key.person.value());
  EXPECT_EQ(difference.year, key.year);
  EXPECT_EQ(difference.field, "countedOre");
  EXPECT_EQ(difference.first, std::to_string(account.counted_sum.ore()));
  EXPECT_EQ(difference.second, std::to_string(account.counted_sum.ore() - 1));
  EXPECT_FALSE(is_checksum_right());
  EXPECT_NE(compare().first_checksum, compare().second_checksum);
}

TEST_F(StateComparisonTest, names_a_changed_day) {
  auto [key, account] = account_with_refund();
  account.days.back().amount += Money::from_ore(5);
  store(key, account);
  EXPECT_EQ(only_difference().field, "countedOre of " + ledger::to_string(account.days.back().day));
}

TEST_F(StateComparisonTest, names_a_changed_card) {
  auto [key, account] = account_with_refund();
  ASSERT_TRUE(account.card);
  const bool was_active = account.card->state == ledger::CardState::active;
  account.card->state = was_active ? ledger::CardState::under_review : ledger::CardState::active;
  store(key, account);
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.field, "cardState");
  EXPECT_EQ(difference.second, was_active ? "active" : "underReview");
}

TEST_F(StateComparisonTest, names_each_field_of_a_lost_card) {
  auto [key, account] = account_with_refund();
  account.card.reset();
  store(key, account);
  const StateComparison comparison = compare();
  EXPECT_EQ(comparison.difference_count, 8U);
  for (const StateDifference& difference : comparison.differences) {
    EXPECT_EQ(difference.field.substr(0, 4), "card");
    EXPECT_EQ(difference.first, std::nullopt);
  }
}

TEST_F(StateComparisonTest, names_a_second_refund_line) {
  auto [key, account] = account_with_refund();
  account.refund_lines.push_back(account.refund_lines.back());
  store(key, account);
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.field, "refundLine " + std::to_string(account.refund_lines.size()));
  EXPECT_EQ(difference.second, std::nullopt);
  EXPECT_FALSE(is_checksum_right());
}

TEST_F(StateComparisonTest, names_what_no_checksum_covers) {
  auto [key, account] = account_with_refund();
  account.card->crossing = ledger::Position{account.card->crossing.value() + 1};
  store(key, account);
  EXPECT_EQ(only_difference().field, "cardCrossing");
  EXPECT_TRUE(is_checksum_right());
}

TEST_F(StateComparisonTest, names_a_dropped_registration) {
  const auto [key, row] = rows(StateFamily::registrations)[7];
  OpenState(stored()).remove(StateFamily::registrations, key);
  const ledger::Registration registration = decode_registration(row).value();
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.family, StateFamily::registrations);
  EXPECT_EQ(difference.person_ref, registration.person.value());
  EXPECT_EQ(difference.year, ledger::year_of(registration.service_date));
  EXPECT_EQ(difference.field, "row");
  EXPECT_EQ(difference.first, std::nullopt);
  EXPECT_EQ(difference.second, "present");
  EXPECT_FALSE(is_checksum_right());
}

TEST_F(StateComparisonTest, names_an_added_registration) {
  const auto [key, row] = rows(StateFamily::registrations)[7];
  OpenState(stored()).put(StateFamily::registrations, std::string(16, '\x01'), row);
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.first, "present");
  EXPECT_EQ(difference.second, std::nullopt);
}

TEST_F(StateComparisonTest, names_the_field_of_a_changed_registration) {
  const auto [key, row] = rows(StateFamily::registrations)[11];
  ledger::Registration registration = decode_registration(row).value();
  registration.is_credited = !registration.is_credited;
  std::string changed;
  encode_registration(registration, changed);
  OpenState(stored()).put(StateFamily::registrations, key, changed);
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.field, "credited");
  EXPECT_EQ(difference.first, registration.is_credited ? "true" : "false");
}

TEST_F(StateComparisonTest, names_practice_and_month_of_one_more_in_a_lag) {
  for (const auto& [key, row] : rows(StateFamily::timeliness)) {
    const ledger::TimelinessKey whose = decode_timeliness_key(key);
    if (whose.practice == ledger::nation) continue;
    ledger::TimelinessMonth month = decode_timeliness(row).value();
    month.add_lag(3);
    OpenState(stored()).put(StateFamily::timeliness, key, encode_timeliness(month));
    break;
  }
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.family, StateFamily::timeliness);
  EXPECT_EQ(difference.field, "lag 3");
  EXPECT_EQ(difference.key.substr(0, 11), "practice 10");
  EXPECT_FALSE(is_checksum_right());
}

TEST_F(StateComparisonTest, names_events_practices_persons_and_totals) {
  const auto [event_row_key, event_row] = rows(StateFamily::events).front();
  const auto [practice_row_key, practice_row] = rows(StateFamily::practices).front();
  const auto persons = rows(StateFamily::persons);
  const auto [number_row_key, number_row] = rows(StateFamily::numbers).front();
  {
    OpenState state(stored());
    ledger::Event event = decode_event(event_row_key, event_row).value();
    event.amount += Money::from_ore(100);
    state.put(StateFamily::events, event_row_key, encode_event(event));
    ledger::Practice practice = decode_practice(practice_row).value().practice;
    ++practice.active_days;
    state.put(StateFamily::practices, practice_row_key, encode_practice({}, practice, nullptr));
    state.put(StateFamily::persons, persons[0].first, persons[1].second);
    state.remove(StateFamily::numbers, number_row_key);
    AppliedState applied = StateReader(rebuilt()).applied();
    ++applied.totals.duplicates;
    state.put(StateFamily::meta, std::string(applied_key), encode_applied(applied));
  }
  std::vector<std::pair<StateFamily, std::string>> found;
  for (const StateDifference& difference : compare().differences) {
    found.emplace_back(difference.family, difference.field);
    if (difference.family == StateFamily::persons) {
      EXPECT_EQ(difference.person_ref, 1U);
      EXPECT_EQ(difference.first, difference.second) << "not even the encrypted number is shown";
    }
  }
  const std::vector<std::pair<StateFamily, std::string>> expected{
      {StateFamily::meta, "duplicates"},      {StateFamily::events, "amountOre"},
      {StateFamily::practices, "activeDays"}, {StateFamily::persons, "bytes"},
      {StateFamily::numbers, "row"},
  };
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(is_checksum_right()) << "none of these is in the checksum";
}

TEST_F(StateComparisonTest, names_a_row_that_does_not_decode) {
  const auto [key, row] = rows(StateFamily::accounts)[3];
  OpenState(stored()).put(StateFamily::accounts, key, row + "x");
  const StateDifference difference = only_difference();
  EXPECT_EQ(difference.field, "row");
  EXPECT_EQ(difference.first, "damaged");
  EXPECT_EQ(difference.second, "readable");
}

TEST_F(StateComparisonTest, lists_the_first_and_counts_the_rest) {
  const auto registrations = rows(StateFamily::registrations);
  {
    OpenState state(stored());
    for (std::size_t i = 0; i < 30; ++i) {
      state.remove(StateFamily::registrations, registrations[i].first);
    }
  }
  const StateComparison comparison = compare(10);
  EXPECT_EQ(comparison.differences.size(), 10U);
  EXPECT_EQ(comparison.difference_count, 30U);
}

TEST_F(StateComparisonTest, refuses_a_damaged_file) {
  std::size_t cut = 0;
  for (const auto& file : fs::directory_iterator(stored())) {
    if (file.path().extension() != ".sst") continue;
    fs::resize_file(file.path(), file.file_size() / 2);
    ++cut;
  }
  EXPECT_GT(cut, 0U);
  EXPECT_NE(error_of([&] { static_cast<void>(compare()); }), "");
}

}  // namespace
}  // namespace storage::test
