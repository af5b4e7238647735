#include "storage/closing/reconciliation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "storage/closing/statement.h"
#include "tests/storage/closing/reconciliation_fixture.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

TEST_F(ReconciliationTest, finds_nothing_in_a_whole_ledger) {
  const json::object statement = make();
  EXPECT_EQ(statement.at("differences").at("count"), 0);
  EXPECT_EQ(made_.id, "2024-1");
  EXPECT_EQ(made_.folder, data() / "statements/2024-1");
  const json::object& totals = statement.at("totals").as_object();
  for (const char* const figure : {"registrations", "unpaid", "zeroAmount", "credited", "payments",
                                   "creditNotes", "cards", "refundLines", "payouts"}) {
    EXPECT_GT(totals.at(figure).to_number<std::int64_t>(), 0) << figure;
  }
  EXPECT_EQ(totals.at("refundedOre"), totals.at("payoutOre"));
  const std::int64_t parts = totals.at("counted").to_number<std::int64_t>() +
                             totals.at("unpaid").to_number<std::int64_t>() +
                             totals.at("zeroAmount").to_number<std::int64_t>() +
                             totals.at("credited").to_number<std::int64_t>();
  EXPECT_EQ(totals.at("registrations"), parts);
  EXPECT_EQ(statement.at("timeliness").at("count"), totals.at("registrations"));
}

TEST_F(ReconciliationTest, says_the_same_in_one_part_as_in_many) {
  const json::object in_many = make(true);
  positions_per_part_ = 1'000'000;
  const json::object in_one = make(true);
  for (const char* const member : {"totals", "latenessCost", "timeliness", "cardsByMonth"}) {
    EXPECT_EQ(in_one.at(member), in_many.at(member)) << member;
  }
}

TEST_F(ReconciliationTest, its_tables_add_up_to_its_totals) {
  const json::object statement = make();
  const json::object& totals = statement.at("totals").as_object();
  const auto sum = [&](const char* table, const char* column) {
    std::int64_t total = 0;
    for (const json::object& row : read_ndjson(made_.folder / table)) {
      total += row.at(column).to_number<std::int64_t>();
    }
    return total;
  };
  EXPECT_EQ(totals.at("amountOre"), sum("practices.ndjson", "amountOre"));
  EXPECT_EQ(totals.at("countedOre"), sum("service_types.ndjson", "countedOre"));
  EXPECT_EQ(totals.at("refundedOre"), sum("practices.ndjson", "refundedOre"));
  EXPECT_EQ(totals.at("unpaidOre"), sum("unpaid.ndjson", "amountOre"));
  EXPECT_EQ(totals.at("payoutOre"), sum("payouts.ndjson", "dueOre"));
  EXPECT_EQ(totals.at("payoutOre"), sum("payout_lines.ndjson", "amountOre"));
  const json::object& refunds = statement.at("refunds").as_object();
  EXPECT_EQ(refunds.at("dueOre"), totals.at("payoutOre"));
  EXPECT_EQ(refunds.at("toPayOre"), refunds.at("dueOre")) << "nothing was named before";
  EXPECT_EQ(refunds.at("payPersons"), totals.at("payouts"));
  EXPECT_EQ(totals.at("amountOre").to_number<std::int64_t>(),
            totals.at("countedOre").to_number<std::int64_t>() +
                totals.at("unpaidOre").to_number<std::int64_t>() +
                totals.at("creditedOre").to_number<std::int64_t>());
  EXPECT_EQ(totals.at("cards").to_number<std::size_t>(),
            read_ndjson(made_.folder / "cards.ndjson").size());
  const json::object& cost = statement.at("latenessCost").as_object();
  EXPECT_GT(cost.at("byLatenessOre").to_number<std::int64_t>(), 0);
  EXPECT_EQ(cost.at("byLatenessOre"), sum("practices.ndjson", "costByLatenessOre"));
  EXPECT_EQ(cost.at("despiteCardOre"), sum("practices.ndjson", "costDespiteCardOre"));
  EXPECT_EQ(cost.at("oreDays"), sum("practices.ndjson", "costOreDays"));
  EXPECT_EQ(cost.at("overpaidOre").to_number<std::int64_t>(),
            cost.at("byLatenessOre").to_number<std::int64_t>() +
                cost.at("despiteCardOre").to_number<std::int64_t>());
  for (const json::object& payout : read_ndjson(made_.folder / "payouts.ndjson")) {
    std::int64_t lines = 0;
    for (const json::value& line : payout.at("lines").as_array()) {
      lines += line.at("amountOre").to_number<std::int64_t>();
    }
    EXPECT_EQ(payout.at("dueOre"), lines);
    EXPECT_EQ(payout.at("payee"), "person");
  }
  const auto& limits = statement.at("timeliness").at("limits").as_array();
  EXPECT_EQ(limits.at(0).at("within"), sum("practices.ndjson", "within16"));
  EXPECT_EQ(limits.at(2).at("within"), sum("practices.ndjson", "within32"));
}

TEST_F(ReconciliationTest, it_names_the_practices_with_the_most_late_reports) {
  const json::object statement = make();
  const json::array& named = statement.at("latestPractices").as_array();
  ASSERT_FALSE(named.empty());
  EXPECT_LE(named.size(), latest_practices_max);
  const auto late = [](const auto& practice) {
    return practice.at("registrations").template to_number<std::int64_t>() -
           practice.at("within32").template to_number<std::int64_t>();
  };
  std::vector<std::int64_t> all;
  for (const json::object& row : read_ndjson(made_.folder / "practices.ndjson")) {
    if (late(row) > 0) all.push_back(late(row));
  }
  std::sort(all.rbegin(), all.rend());
  all.resize(std::min(all.size(), latest_practices_max));
  std::vector<std::int64_t> found;
  for (const json::value& practice : named) found.push_back(late(practice.as_object()));
  EXPECT_EQ(found, all);
}

TEST_F(ReconciliationTest, an_interrupted_run_is_continued_at_its_position) {
  const json::object undisturbed = make(true);
  fs::remove_all(made_.folder.parent_path());
  // Interrupted at the 1st, 2nd, 4th, 8th ... report of progress, until a run is not.
  int interruptions = 0;
  for (;; ++interruptions) {
    int left = 1 << interruptions;
    const std::string error = error_of([&] {
      make(false, [&](std::string_view, std::string_view, std::uint64_t, std::uint64_t) {
        if (--left == 0) throw std::runtime_error("interrupted");
      });
    });
    if (error.empty()) break;
    ASSERT_EQ(error, "interrupted");
    if (interruptions == 4) load(2000, 2300);  // after the copy of the state was made anew
  }
  EXPECT_GT(interruptions, 5);
  const json::object statement = read_json(data() / "statements/2024-1/statement.json");
  EXPECT_EQ(statement.at("differences").at("count"), 0);
  EXPECT_FALSE(fs::exists(reconciliation_work(data(), year, false)));
  const json::object whole = make(true);
  EXPECT_EQ(whole.at("differences").at("count"), 0);
}

TEST_F(ReconciliationTest, an_interruption_in_each_phase_costs_no_row) {
  const json::object undisturbed = make(true);
  std::map<std::string, std::string> files;
  for (const auto& file : fs::directory_iterator(made_.folder)) {
    const std::string name = file.path().filename();
    if (name.ends_with("json") && name.starts_with("statement")) continue;
    if (!name.starts_with("manifest")) files[name] = read_file(file.path());
  }
  fs::remove_all(made_.folder.parent_path());
  for (const char* const phase : {"reading the events", "recomputing person-years",
                                  "comparing the index of registrations", "comparing timeliness"}) {
    // In the middle of the phase, when some parts of it are done.
    const std::string error = error_of([&] {
      make(false,
           [&](std::string_view at, std::string_view, std::uint64_t done, std::uint64_t total) {
             if (at == phase && done >= total / 2) throw std::runtime_error("interrupted");
           });
    });
    EXPECT_EQ(error, "interrupted") << phase;
  }
  EXPECT_TRUE(fs::exists(reconciliation_work(data(), year, false) / "checkpoint"));
  const json::object continued = make();
  for (const char* const member : {"totals", "latenessCost", "timeliness", "cardsByMonth"}) {
    EXPECT_EQ(continued.at(member), undisturbed.at(member)) << member;
  }
  for (const auto& [name, text] : files) {
    EXPECT_EQ(read_file(made_.folder / name), text) << name;
  }
}

TEST_F(ReconciliationTest, a_run_of_before_the_machine_was_started_begins_anew) {
  int copies = 0;
  const auto run = [&](bool is_interrupted) {
    return error_of([&] {
      make(false,
           [&](std::string_view at, std::string_view, std::uint64_t done, std::uint64_t total) {
             if (at == "copying the state") ++copies;
             if (is_interrupted && at == "comparing timeliness" && done >= total / 2) {
               throw std::runtime_error("interrupted");
             }
           });
    });
  };
  EXPECT_EQ(run(true), "interrupted");
  EXPECT_EQ(run(true), "interrupted");
  EXPECT_EQ(copies, 1) << "continued";
  // As after a power cut: what was not synced may be gone.
  const fs::path checkpoint = reconciliation_work(data(), year, false) / "checkpoint";
  std::string bytes = read_file(checkpoint);
  std::string boot = read_file("/proc/sys/kernel/random/boot_id").substr(0, 36);
  const std::size_t at = bytes.find(boot);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = bytes[at] == '0' ? '1' : '0';
  fs::remove(checkpoint);
  write_new_file(checkpoint, bytes, 0600);
  EXPECT_EQ(run(false), "");
  EXPECT_EQ(copies, 2);
}

TEST_F(ReconciliationTest, works_on_one_position_while_the_ledger_goes_on) {
  LedgerWithWriter ledger(options_in(data(), 700));
  std::size_t next = 2000;
  const auto report = [&](std::string_view phase, std::string_view, std::uint64_t, std::uint64_t) {
    // After the copy: more items, hand-overs among them.
    if (phase == "copying the state" || next == items_.size()) return;
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(next);
    ledger.commit({first, first + 100});
    next += 100;
  };
  const std::uint64_t before = ledger.files().journal().next_position().value() - 1;
  const MadeStatement made = reconcile(source_of(ledger.files()), year, false, report);
  EXPECT_GT(next, 2000U);
  EXPECT_EQ(made.differences, 0);
  EXPECT_EQ(read_json(made.folder / "statement.json").at("position").as_string(),
            "0-" + std::to_string(before));
}

TEST_F(ReconciliationTest, a_year_without_a_ceiling_is_refused) {
  LedgerFiles files(options_in(data()));
  const std::string error = error_of([&] { reconcile(source_of(files), 1999, false, no_report); });
  EXPECT_NE(error.find("no ceiling is known for 1999"), std::string::npos) << error;
}

TEST_F(ReconciliationTest, an_empty_ledger_has_a_statement_of_zeros) {
  fs::remove_all(data());
  const json::object statement = make();
  EXPECT_EQ(statement.at("totals").at("registrations"), 0);
  EXPECT_EQ(statement.at("position"), "0-0");
  EXPECT_EQ(statement.at("differences").at("count"), 0);
}

}  // namespace
}  // namespace storage::test
