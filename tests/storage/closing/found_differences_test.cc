// Damage to the files of the state, and the differences that a reconciliation finds.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/storage/closing/reconciliation_fixture.h"

namespace storage::test {
namespace {

namespace json = boost::json;
using ledger::Money;
using ledger::Position;

TEST_F(ReconciliationTest, finds_a_wrong_sum) {
  auto [key, account] = account_with_refunds();
  account.counted_sum += Money::from_ore(100);
  store(key, account);
  const json::object row = first_difference("sumDiffers");
  EXPECT_EQ(row.at("personRef"), key.person.value());
  EXPECT_EQ(row.at("field"), "countedOre");
  EXPECT_EQ(row.at("found").as_string(), std::to_string(account.counted_sum.ore()));
}

TEST_F(ReconciliationTest, finds_a_missing_card) {
  auto [key, account] = account_with_refunds();
  account.card.reset();
  store(key, account);
  EXPECT_EQ(first_difference("cardMissing").at("personRef"), key.person.value());
}

TEST_F(ReconciliationTest, finds_a_card_under_the_ceiling) {
  const auto card = account_with_refunds().second.card;
  ledger::Account account;
  for (const auto& [key, row] : rows_of(state(), StateFamily::accounts)) {
    ASSERT_TRUE(decode_account(row, account));
    if (account.card || decode_account_key(key).year != year) continue;
    account.card = card;
    store(decode_account_key(key), account);
    EXPECT_EQ(first_difference("cardUnfounded").at("personRef"),
              decode_account_key(key).person.value());
    return;
  }
  FAIL() << "everybody has a card";
}

TEST_F(ReconciliationTest, finds_a_second_card) {
  const auto [account, found] = account_with_refunds();
  for (const auto& [key, row] : rows_of(state(), StateFamily::events)) {
    const auto event = decode_event(key, row);
    ASSERT_TRUE(event);
    if (event.value().type != ledger::EventType::card_issued) continue;
    if (event.value().account != account) continue;
    OpenState(state()).put(StateFamily::events, event_key(found.newest, 99), row);
    EXPECT_EQ(first_difference("secondCard").at("personRef"), account.person.value());
    return;
  }
  FAIL() << "the card was not announced";
}

TEST_F(ReconciliationTest, finds_a_refund_line_too_many) {
  auto [key, account] = account_with_refunds();
  account.refund_lines.push_back(account.refund_lines.back());
  store(key, account);
  EXPECT_EQ(first_difference("refundLineTooMany").at("personRef"), key.person.value());
  EXPECT_EQ(first_difference("refundSumDiffers").at("personRef"), key.person.value());
}

TEST_F(ReconciliationTest, finds_a_refund_netted_from_the_wrong_registration) {
  ledger::Account account;
  for (const auto& [key, row] : rows_of(state(), StateFamily::accounts)) {
    ASSERT_TRUE(decode_account(row, account));
    if (decode_account_key(key).year != year) continue;
    for (ledger::RefundLine& line : account.refund_lines) {
      const ledger::RefundLine& other = account.refund_lines.front();
      if (line.amount >= Money() || line.registration == other.registration) continue;
      line.registration = other.registration;
      line.guid = other.guid;
      store(decode_account_key(key), account);
      EXPECT_EQ(first_difference("refundLineTooMany").at("personRef"),
                decode_account_key(key).person.value());
      EXPECT_EQ(count_of(make(true), "refundSumDiffers"), 0) << "the sum still fits";
      return;
    }
  }
  FAIL() << "the workload nets nothing";
}

TEST_F(ReconciliationTest, finds_a_changed_amount_in_a_registration) {
  auto [key, found] = registration();
  found.amount += Money::from_ore(1);
  store(key, found);
  const json::object row = first_difference("registrationDiffers");
  EXPECT_EQ(row.at("field"), "amountOre");
  EXPECT_EQ(row.at("position").as_string(), "0-" + std::to_string(found.reported.position.value()));
}

TEST_F(ReconciliationTest, finds_a_dropped_registration) {
  const auto [key, found] = registration();
  OpenState(state()).remove(StateFamily::registrations, key);
  EXPECT_EQ(first_difference("registrationMissing").at("expected").as_string(),
            "0-" + std::to_string(found.reported.position.value()));
}

TEST_F(ReconciliationTest, finds_a_registration_that_nobody_sent) {
  const auto [key, found] = registration();
  store(std::string(view_of(registration_key({1, 2}))), found);
  first_difference("registrationUnfounded");
}

TEST_F(ReconciliationTest, finds_an_index_entry_that_points_elsewhere) {
  auto [key, found] = registration();
  found.reported.position = Position{found.reported.position.value() + 1};
  store(key, found);
  EXPECT_EQ(first_difference("registrationDiffers").at("field"), "position");
}

TEST_F(ReconciliationTest, finds_a_number_that_leads_to_another_person) {
  const auto numbers = rows_of(state(), StateFamily::numbers);
  ASSERT_GT(numbers.size(), 1U);
  OpenState(state()).put(StateFamily::numbers, numbers[0].first, numbers[1].second);
  EXPECT_EQ(count_of(make(true), "numberDiffers"), 2) << "both persons are concerned";
}

TEST_F(ReconciliationTest, finds_a_timeliness_counter_off_by_one) {
  for (const auto& [key, row] : rows_of(state(), StateFamily::timeliness)) {
    const ledger::TimelinessKey decoded = decode_timeliness_key(key);
    auto month = decode_timeliness(row).value();
    if (decoded.practice == ledger::nation || int{decoded.month.year()} != year) continue;
    if (month.by_lag.empty()) continue;
    month.add_lag(3);
    OpenState(state()).put(StateFamily::timeliness, key, encode_timeliness(month));
    const json::object difference = first_difference("timelinessDiffers");
    EXPECT_NE(difference.at("practiceId"), "");
    EXPECT_NE(difference.at("field").as_string().find("lag 3"), json::string::npos);
    EXPECT_EQ(count_of(make(true), "timelinessDiffers"), 1);
    return;
  }
  FAIL() << "there is no month";
}

/// Beside the random items, some of practices of which nothing is accepted at first.
class StrangersTest : public ReconciliationTest {
 protected:
  StrangersTest() {
    LedgerWithWriter ledger(options_in(data(), 700));
    std::uint32_t guid = 9'000'000;
    // So many that every part has some.
    for (std::uint32_t practice = 700; practice < 730; ++practice) {
      const std::string digits = std::to_string(practice);
      auto late = ledger::test::a_copayment().by(digits).on("2024-01-10T10:00:00Z");
      late.received_at("2024-10-10T10:00:00Z");
      ledger.commit(std::vector<ledger::Item>{late.guid(++guid), late.guid(++guid)});
      // Every third reports well in the end.
      if (practice % 3 != 0) continue;
      auto good = ledger::test::a_copayment().by(digits).guid(++guid);
      ledger.commit(std::vector<ledger::Item>{good.on("2024-10-11T10:00:00Z")});
    }
  }

  /// Without those of the random items.
  std::map<std::string, std::string> strangers() const {
    std::map<std::string, std::string> rows;
    for (auto& [key, row] : rows_of(state(), StateFamily::refusals)) {
      if (key >= "700" && key < "730") rows.emplace(key, row);
    }
    return rows;
  }
};

TEST_F(StrangersTest, have_no_differences) {
  const json::object statement = make(true);
  EXPECT_EQ(statement.at("differences").at("count"), 0);
  EXPECT_EQ(strangers().size(), 20U);
}

TEST_F(StrangersTest, are_missed_when_one_is_lost) {
  const auto [key, row] = *strangers().begin();
  OpenState(state()).remove(StateFamily::refusals, key);
  const json::object difference = first_difference("timelinessDiffers");
  EXPECT_EQ(difference.at("field").as_string(), "received 2024-10 TIME_BARRED of " + key);
  EXPECT_EQ(difference.at("expected").as_string(), "2");
  EXPECT_EQ(difference.at("found").as_string(), "0");
  EXPECT_EQ(count_of(make(true), "timelinessDiffers"), 1);
}

TEST_F(StrangersTest, are_found_when_nobody_sent_anything) {
  ledger::Refusals refusals = decode_refusals(strangers().begin()->second).value();
  refusals[std::chrono::year{year} / 3].duplicates = 1;
  OpenState(state()).put(StateFamily::refusals, "4711", encode_refusals(refusals));
  EXPECT_EQ(count_of(make(true), "timelinessDiffers"), 2);
}

TEST_F(StrangersTest, are_known_when_something_is_accepted) {
  bool is_found = false;
  for (const auto& [key, row] : rows_of(state(), StateFamily::timeliness)) {
    const ledger::TimelinessKey whose = decode_timeliness_key(key);
    auto month = decode_timeliness(row).value();
    const bool has_two = month.rejected == decltype(month.rejected){{ledger::Code::time_barred, 2}};
    if (whose.practice == ledger::nation || !has_two || month.by_lag.size() != 1) continue;
    // As if it had not taken along what was refused before.
    month.rejected.clear();
    OpenState(state()).put(StateFamily::timeliness, key, encode_timeliness(month));
    is_found = true;
    break;
  }
  ASSERT_TRUE(is_found);
  EXPECT_EQ(first_difference("timelinessDiffers").at("expected").as_string(), "2");
}

TEST_F(ReconciliationTest, finds_a_forgotten_rejection_and_a_forgotten_duplicate) {
  for (const auto& [key, row] : rows_of(state(), StateFamily::timeliness)) {
    const ledger::TimelinessKey decoded = decode_timeliness_key(key);
    auto month = decode_timeliness(row).value();
    if (int{decoded.month.year()} != year || month.duplicates == 0 || month.rejected.empty()) {
      continue;
    }
    --month.duplicates;
    --month.rejected.front().second;
    OpenState(state()).put(StateFamily::timeliness, key, encode_timeliness(month));
    EXPECT_EQ(count_of(make(true), "timelinessDiffers"), 2);
    return;
  }
  FAIL() << "nothing was refused";
}

TEST_F(ReconciliationTest, finds_an_unpaid_registration_that_is_not_listed) {
  const auto [key, row] = unpaid();
  OpenState(state()).remove(StateFamily::unpaid, key);
  const std::string position = std::to_string(decode_unpaid_key(key).position.value());
  EXPECT_EQ(first_difference("unpaidMissing").at("position").as_string(), "0-" + position);
  EXPECT_EQ(made_.differences, 1);
}

TEST_F(ReconciliationTest, finds_a_listed_registration_that_is_paid) {
  const auto [key, row] = unpaid();
  ledger::UnpaidKey other = decode_unpaid_key(key);
  other.position = Position{other.position.value() + 1'000'000};
  OpenState(state()).put(StateFamily::unpaid, unpaid_key(other), row);
  first_difference("unpaidUnfounded");
  EXPECT_EQ(made_.differences, 1);
}

TEST_F(ReconciliationTest, finds_a_listed_registration_that_says_something_else) {
  const auto [key, row] = unpaid();
  ledger::UnpaidRegistration listed = decode_unpaid(key, row).value();
  listed.amount += ledger::Money::from_ore(1);
  OpenState(state()).put(StateFamily::unpaid, key, encode_unpaid(listed));
  first_difference("unpaidDiffers");
  EXPECT_EQ(made_.differences, 1);
}

TEST_F(ReconciliationTest, finds_a_practice_under_another_number) {
  const auto practices = rows_of(state(), StateFamily::practices);
  OpenState(state()).put(StateFamily::practices, practices[0].first, practices[1].second);
  EXPECT_GT(count_of(make(true), "practiceDiffers"), 0);
}

}  // namespace
}  // namespace storage::test
