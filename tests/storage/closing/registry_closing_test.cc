// Ledgers that registries have told of persons and practices.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/closing/payouts.h"
#include "tests/storage/closing/registry_fixture.h"
#include "tests/storage/closing/restatements_by_rules.h"
#include "tests/support/slow_build.h"

namespace storage::test {
namespace {

namespace json = boost::json;
using ledger::AccountKey;
using ledger::PersonEventType;
using ledger::PersonId;
using ledger::Position;
using ledger::test::a_copayment;
using ledger::test::a_credit_note;
using ledger::test::a_payment;

/// The seeds of this run: FRIKORT_TEST_SEED, or a few.
std::vector<std::uint64_t> seeds() {
  if (const char* text = std::getenv("FRIKORT_TEST_SEED")) {
    return {std::strtoull(text, nullptr, 10)};
  }
  if (ledger::test::is_slow_build) return {1};
  return {1, 2, 3};
}

ledger::PersonEvent event_of(PersonEventType type, std::uint32_t number, std::uint32_t other = 0) {
  static std::uint32_t events = 0;
  ledger::PersonEvent event;
  event.type = type;
  event.event_id = ledger::test::guid_of(2'000'000'000U + ++events);
  event.received = ledger::test::instant("2024-12-01T12:00:00+01:00");
  event.person = ledger::test::person_number(number);
  if (other != 0) event.other = ledger::test::person_number(other);
  return event;
}
ledger::PersonEvent dated(PersonEventType type, std::uint32_t number, const char* day) {
  ledger::PersonEvent event = event_of(type, number);
  event.date = ledger::test::date(day);
  return event;
}

Submitted pays(std::uint32_t number, std::uint32_t guid, std::int64_t kroner, const char* day) {
  return a_copayment()
      .guid(guid)
      .by("1001")
      .of_person(number)
      .of_ore(kroner * 100)
      .on(std::string(day) + "T10:00:00+01:00")
      .build();
}

TEST_F(RegistryClosingTest, finds_nothing_in_ledgers_of_any_order) {
  std::map<std::string, std::size_t> rows;
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("FRIKORT_TEST_SEED=" + std::to_string(seed));
    std::filesystem::remove_all(data());
    RegistryWorkload workload(seed);
    load(workload.take(1000));
    ASSERT_EQ(differences(), "");
    load(workload.take(400));
    const json::object statement = make();
    ASSERT_EQ(made_.differences, 0) << read_file(made_.folder / "differences.ndjson");
    for (const char* const table : {"restatements", "persons", "registered_practices", "payouts"}) {
      rows[table] += read_ndjson(made_.folder / (std::string(table) + ".ndjson")).size();
    }
    positions_per_part_ = 1'000'000;
    EXPECT_EQ(make(true).at("totals"), statement.at("totals")) << "in one part";
    positions_per_part_ = 300;
  }
  if (seeds().size() == 1) return;
  for (const auto& [table, count] : rows) EXPECT_GT(count, 0U) << table << " is always empty";
}

TEST_F(RegistryClosingTest, a_series_is_explained_and_pays_what_is_told) {
  RegistryWorkload workload(seeds().front());
  std::map<std::uint64_t, std::int64_t> paid;
  std::int64_t to_pay = 0;
  for (int statement_number = 1; statement_number <= 4; ++statement_number) {
    load(workload.take(400));
    const json::object statement = make();
    ASSERT_EQ(made_.differences, 0) << read_file(made_.folder / "differences.ndjson");
    const json::object& refunds = statement.at("refunds").as_object();
    EXPECT_EQ(refunds.at("namedOre"), to_pay);
    to_pay += refunds.at("toPayOre").to_number<std::int64_t>();
    EXPECT_EQ(refunds.at("dueOre"), to_pay);
    if (statement_number == 1) continue;
    EXPECT_EQ(statement.at("previous").at("isConfirmed"), true);
    EXPECT_EQ(statement.at("changes").at("isExplained"), true);
    std::int64_t counted = 0;
    for (const json::object& row : read_ndjson(made_.folder / "changes.ndjson")) {
      counted += row.at("countedOre").to_number<std::int64_t>();
    }
    EXPECT_EQ(statement.at("changes").at("totals").at("countedOre"), counted);
  }
  EXPECT_TRUE(seeds().size() == 1 || to_pay > 0);
}

std::string text_of(const json::value& cell) {
  if (cell.is_null()) return "";
  return cell.is_string() ? std::string(cell.as_string()) : json::serialize(cell);
}

TEST_F(RegistryClosingTest, restatements_are_what_accounts_were_before_and_after_each_event) {
  RegistryWorkload workload(seeds().front() + 100);
  load(workload.take(1200));
  make(true);
  std::multiset<Restatement> found;
  for (const json::object& row : read_ndjson(made_.folder / "restatements.ndjson")) {
    EXPECT_EQ(row.at("year"), year);
    found.insert({text_of(row.at("position")), text_of(row.at("type")),
                  row.at("personRef").to_number<std::uint64_t>(), text_of(row.at("what")),
                  text_of(row.at("before")), text_of(row.at("after"))});
  }
  LedgerFiles files(options_in(data(), 700));
  const std::multiset<Restatement> expected = restatements_by_rules(files, year);
  EXPECT_TRUE(seeds().size() == 1 || expected.size() > 10);
  EXPECT_EQ(found, expected);
}

TEST_F(RegistryClosingTest, pays_who_is_dead_to_the_estate) {
  load({pays(1, 1, 3265, "2024-02-01"), pays(2, 2, 3265, "2024-02-01"),
        pays(3, 3, 3265, "2024-02-01"), pays(4, 4, 3265, "2024-02-01"),
        dated(PersonEventType::died, 1, "2024-11-01"),
        dated(PersonEventType::died, 2, "2024-11-01"), event_of(PersonEventType::died, 2),
        dated(PersonEventType::died, 4, "2024-11-01"), event_of(PersonEventType::merged, 3, 4)});
  EXPECT_EQ(differences(), "");
  std::map<std::uint64_t, std::string> payees;
  for (const json::object& row : read_ndjson(made_.folder / "payouts.ndjson")) {
    payees[row.at("personRef").to_number<std::uint64_t>()] = row.at("payee").as_string();
  }
  const std::map<std::uint64_t, std::string> expected{{1, "estate"}, {2, "person"}, {3, "estate"}};
  EXPECT_EQ(payees, expected) << "one death was annulled, one came with a merge";
}

TEST_F(RegistryClosingTest, who_is_opted_out_stands_in_no_list_but_the_payouts) {
  load({pays(1, 1, 3265, "2024-02-01"),
        a_copayment()
            .guid(2)
            .by("1001")
            .of_person(1)
            .of_ore(500)
            .paid(false)
            .on("2024-03-01T10:00:00+01:00")
            .build(),
        pays(2, 3, 3000, "2024-02-02"), event_of(PersonEventType::opted_out, 1),
        pays(1, 4, 100, "2024-03-02"),
        a_copayment()
            .guid(5)
            .by("1001")
            .of_person(1)
            .of_ore(700)
            .paid(false)
            .on("2024-03-03T10:00:00+01:00")
            .build(),
        a_payment().guid(2).by("1001").received_at("2024-12-02T10:00:00+01:00").build()});
  const json::object statement = make();
  EXPECT_EQ(made_.differences, 0) << read_file(made_.folder / "differences.ndjson");
  EXPECT_TRUE(read_ndjson(made_.folder / "cards.ndjson").empty());
  const auto unpaid = read_ndjson(made_.folder / "unpaid.ndjson");
  ASSERT_EQ(unpaid.size(), 1U);
  EXPECT_TRUE(unpaid[0].at("personRef").is_null());
  EXPECT_EQ(unpaid[0].at("amountOre"), 700);
  const json::object& totals = statement.at("totals").as_object();
  EXPECT_EQ(totals.at("registrations"), 5);
  EXPECT_EQ(totals.at("counted"), 2) << "neither what was sent nor what was paid while opted out";
  EXPECT_EQ(totals.at("cards"), 1);
  EXPECT_EQ(totals.at("persons"), 2);
  EXPECT_EQ(totals.at("unpaid"), 1);
  EXPECT_EQ(statement.at("timeliness").at("count"), 5);
  auto payouts = read_ndjson(made_.folder / "payouts.ndjson");
  ASSERT_EQ(payouts.size(), 1U);
  EXPECT_EQ(payouts[0].at("toPayOre"), 10'000);

  // The merge is silent: what it refunds is due when it has been told.
  load({event_of(PersonEventType::merged, 1, 2)});
  const json::object merged = make();
  EXPECT_EQ(made_.differences, 0) << read_file(made_.folder / "differences.ndjson");
  EXPECT_EQ(merged.at("totals").at("refundedOre"), 310'000);
  EXPECT_EQ(merged.at("refunds").at("dueOre"), 10'000);
  EXPECT_EQ(merged.at("refunds").at("toPayOre"), 0);
  EXPECT_TRUE(read_ndjson(made_.folder / "persons.ndjson").empty());
  EXPECT_TRUE(read_ndjson(made_.folder / "restatements.ndjson").empty());
  EXPECT_EQ(merged.at("changes").at("isExplained"), true);

  load({event_of(PersonEventType::opted_in, 2)});
  const json::object shown = make();
  EXPECT_EQ(made_.differences, 0) << read_file(made_.folder / "differences.ndjson");
  EXPECT_EQ(shown.at("refunds").at("dueOre"), 310'500) << "and what was paid meanwhile";
  EXPECT_EQ(shown.at("refunds").at("toPayOre"), 300'500);
  EXPECT_EQ(shown.at("changes").at("isExplained"), true);
  const auto persons = read_ndjson(made_.folder / "persons.ndjson");
  ASSERT_EQ(persons.size(), 1U);
  EXPECT_EQ(persons[0].at("personRef"), 2);
  EXPECT_EQ(persons[0].at("mergedInto"), 1);
}

TEST_F(RegistryClosingTest, the_refund_file_follows_a_merge_that_came_later) {
  load({pays(1, 1, 100, "2024-02-01"), pays(2, 2, 3265, "2024-02-01")});
  make();
  load({event_of(PersonEventType::merged, 2, 1)});
  LedgerFiles files(options_in(data(), 700));
  std::vector<ledger::EncryptedNumber> told;
  const auto note = [&](const ledger::EncryptedNumber& number) {
    told.push_back(number);
    return ledger::Result<void>(ledger::Errc::overloaded);  // the number is made up
  };
  EXPECT_FALSE(refund_rows(read_file(made_.folder / "payouts.ndjson"), files.state(),
                           files.keys().numbers, note));
  EXPECT_EQ(told, std::vector{ledger::test::person_number(2)});
}

}  // namespace
}  // namespace storage::test
