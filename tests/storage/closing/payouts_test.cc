#include "storage/closing/payouts.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/storage/closing/reconciliation_fixture.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// What each file names, added up: by person, øre.
class Payer {
 public:
  /// Pays what a statement names; returns whether anything was taken back.
  bool pay(const fs::path& statement) {
    bool is_taken_back = false;
    for (const json::object& row : read_ndjson(statement / "payouts.ndjson")) {
      const auto person = row.at("personRef").to_number<std::uint64_t>();
      const auto number = [&](const char* name) { return row.at(name).to_number<std::int64_t>(); };
      EXPECT_EQ(number("namedOre"), paid_[person]) << "person " << person;
      EXPECT_EQ(number("toPayOre"), number("dueOre") - number("namedOre"));
      paid_[person] += number("toPayOre");
      is_taken_back = is_taken_back || number("toPayOre") < 0;
    }
    std::erase_if(paid_, [](const auto& one) { return one.second == 0; });
    return is_taken_back;
  }
  const std::map<std::uint64_t, std::int64_t>& paid() const { return paid_; }

 private:
  std::map<std::uint64_t, std::int64_t> paid_;
};

/// The refund lines of the year in the state, added up by person.
std::map<std::uint64_t, std::int64_t> refunds_in(const fs::path& state) {
  std::map<std::uint64_t, std::int64_t> refunds;
  ledger::Account account;
  for (const auto& [key, row] : rows_of(state, StateFamily::accounts)) {
    const ledger::AccountKey of = decode_account_key(key);
    EXPECT_TRUE(decode_account(row, account));
    for (const ledger::RefundLine& line : account.refund_lines) {
      if (of.year == year) refunds[of.person.value()] += line.amount.ore();
    }
  }
  std::erase_if(refunds, [](const auto& one) { return one.second == 0; });
  return refunds;
}

TEST_F(ReconciliationTest, who_pays_each_statement_of_a_series_once_has_paid_what_is_due) {
  Payer payer;
  bool is_taken_back = false;
  std::int64_t to_pay = 0;
  const auto pay = [&](const json::object& statement) {
    const json::object& refunds = statement.at("refunds").as_object();
    const auto number = [&](const char* name) {
      return refunds.at(name).to_number<std::int64_t>();
    };
    EXPECT_EQ(number("namedOre"), to_pay) << "what was named before";
    EXPECT_EQ(number("dueOre"), number("namedOre") + number("toPayOre"));
    EXPECT_EQ(number("toPayOre"), number("payOre") + number("takeBackOre"));
    to_pay += number("toPayOre");
    is_taken_back = payer.pay(made_.folder) || is_taken_back;
    EXPECT_EQ(payer.paid(), refunds_in(state())) << statement.at("statement");
  };
  pay(make());
  load(2000, 2400);
  make(true);  // names nothing
  fs::remove_all(made_.folder.parent_path());
  pay(make());
  load(2400, 2800);
  EXPECT_EQ(error_of([&] {
              make(false, [](std::string_view phase, std::string_view, std::uint64_t done,
                             std::uint64_t total) {
                if (phase == "recomputing person-years" && done > total / 2) {
                  throw std::runtime_error("interrupted");
                }
              });
            }),
            "interrupted");
  pay(make());
  load(2800, 3000);
  pay(make());
  EXPECT_EQ(made_.id, "2024-4");
  EXPECT_TRUE(is_taken_back) << "no credit note came after its refund had been named";
  pay(make());
  EXPECT_EQ(refunds_in(state()), payer.paid());
}

TEST_F(ReconciliationTest, the_number_of_a_person_is_known_whether_in_the_files_or_in_memory) {
  std::vector<std::vector<ledger::EncryptedNumber>> numbers;
  for (const std::uint64_t hand_over_items : {700U, 1'000'000U}) {
    // Of a state that was made again, and is in memory in part or as a whole.
    fs::remove_all(state());
    LedgerFiles files(options_in(data(), hand_over_items));
    std::vector<ledger::EncryptedNumber>& known = numbers.emplace_back();
    const std::uint64_t persons = files.state().head().totals.persons;
    for (std::uint64_t person = 1; person <= persons; ++person) {
      const auto number = files.state().numbers(ledger::PersonId{person});
      ASSERT_TRUE(number) << person << " of " << persons;
      known.push_back(number.value().front());
    }
    EXPECT_FALSE(files.state().numbers(ledger::PersonId{persons + 1}));
  }
  EXPECT_GT(numbers[0].size(), 30U);
  EXPECT_EQ(numbers[0], numbers[1]);
}

TEST_F(ReconciliationTest, a_number_that_cannot_be_noted_is_not_told) {
  make();
  LedgerFiles files(options_in(data(), 700));
  const auto refuse = [](const ledger::EncryptedNumber&) {
    return ledger::Result<void>(ledger::Errc::overloaded);
  };
  EXPECT_FALSE(refund_rows(read_file(made_.folder / "payouts.ndjson"), files.state(),
                           files.keys().numbers, refuse));
}

}  // namespace
}  // namespace storage::test
