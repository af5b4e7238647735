#include "storage/closing/reconciliation.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <map>

#include "ledger/records/fingerprint.h"
#include "storage/closing/payouts.h"
#include "storage/closing/statement_series.h"
#include "storage/files/files.h"
#include "tests/storage/journal/sync_log.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/state/open_state.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ledger::Money;
using ledger::Position;

constexpr int year = 2024;

const ReportProgress no_report = [](std::string_view, std::string_view, std::uint64_t,
                                    std::uint64_t) {};

json::object read_json(const fs::path& path) { return json::parse(read_file(path)).as_object(); }

std::vector<json::object> read_ndjson(const fs::path& path) {
  std::vector<json::object> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    rows.push_back(json::parse(line).as_object());
  }
  return rows;
}

std::int64_t count_of(const json::object& statement, const char* kind) {
  return statement.at("differences").at("byKind").at(kind).to_number<std::int64_t>();
}

/// A ledger on disk of random items of two years, closed between the steps of a test.
class ReconciliationTest : public testing::Test {
 protected:
  ReconciliationTest() : items_(Workload(77, 60).take(3000)) { load(0, 2000); }

  /// Items of the workload, in groups of 150.
  void load(std::size_t first, std::size_t last) {
    LedgerWithWriter ledger(options_in(data(), 700));
    ledger.commit_in_groups({items_.begin() + static_cast<std::ptrdiff_t>(first),
                             items_.begin() + static_cast<std::ptrdiff_t>(last)},
                            150);
  }

  /// Reconciles the closed ledger; the text of the statement's file.
  json::object make(bool is_dry_run = false, const ReportProgress& report = no_report,
                    const UseFiles& use_files = {}) {
    LedgerFiles files(options_in(data(), 700));
    made_ = reconcile(source_of(files), year, is_dry_run, report, use_files);
    return read_json(made_.folder / "statement.json");
  }

  ReconciliationSource source_of(LedgerFiles& files) const {
    const auto copy_state = [&files](const fs::path& folder) {
      files.state().begin_hand_over();
      ASSERT_TRUE(files.state().await_hand_over());
      files.state().copy_files(folder);
    };
    ReconciliationSource source{data(),        files.journal(), files.keys().signing,
                                files.rules(), copy_state,      now_};
    source.positions_per_part = positions_per_part_;
    return source;
  }

  /// Damages the closed ledger's state, reconciles, and expects differences of this kind, the first
  /// of which it gives.
  json::object first_difference(const char* kind) {
    const json::object statement = make(true);
    EXPECT_GT(count_of(statement, kind), 0) << json::serialize(statement.at("differences"));
    for (json::object& row : read_ndjson(made_.folder / "differences.ndjson")) {
      if (row.at("kind") == kind) return row;
    }
    return {};
  }

  /// A person-year of the year with a card and refund lines.
  std::pair<ledger::AccountKey, ledger::Account> account_with_refunds() const {
    ledger::Account account;
    for (const auto& [key, row] : rows_of(state(), StateFamily::accounts)) {
      EXPECT_TRUE(decode_account(row, account));
      const bool has_lines = account.card && account.refund_lines.size() > 1;
      if (has_lines && decode_account_key(key).year == year)
        return {decode_account_key(key), account};
    }
    ADD_FAILURE() << "the workload has no refunds";
    return {};
  }

  void store(const ledger::AccountKey& key, const ledger::Account& account) const {
    std::string row;
    encode_account(account, row);
    OpenState(state()).put(StateFamily::accounts, account_key(key), row);
  }

  /// A stored registration of the year.
  std::pair<std::string, ledger::Registration> registration() const {
    for (const auto& [key, row] : rows_of(state(), StateFamily::registrations)) {
      const auto decoded = decode_registration(row);
      EXPECT_TRUE(decoded);
      if (ledger::year_of(decoded.value().service_date) == year) return {key, decoded.value()};
    }
    ADD_FAILURE() << "the workload has no registration";
    return {};
  }

  void store(const std::string& key, const ledger::Registration& registration) const {
    std::string row;
    encode_registration(registration, row);
    OpenState(state()).put(StateFamily::registrations, key, row);
  }

  /// A row of the index of unpaid registrations of the year.
  std::pair<std::string, std::string> unpaid() const {
    for (const auto& [key, row] : rows_of(state(), StateFamily::unpaid)) {
      if (ledger::year_of(decode_unpaid_key(key).service_date) == year) return {key, row};
    }
    ADD_FAILURE() << "the workload has nothing unpaid";
    return {};
  }

  fs::path data() const { return temp_ / "data"; }
  fs::path state() const { return temp_ / "data/state"; }

  TempFolder temp_;
  const std::vector<ledger::Item> items_;
  std::uint64_t positions_per_part_ = 300;  // seven parts
  ledger::Instant now_{1'735'689'600, 0};   // 2025-01-01 01:00 in Oslo
  MadeStatement made_;
};

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

// ---- what is to be paid ----

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
      const auto number = files.state().number_of(ledger::PersonId{person});
      ASSERT_TRUE(number) << person << " of " << persons;
      known.push_back(number.value());
    }
    EXPECT_FALSE(files.state().number_of(ledger::PersonId{persons + 1}));
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

TEST_F(ReconciliationTest, a_missing_or_changed_earlier_statement_is_named) {
  for (int i = 0; i < 3; ++i) make();
  const fs::path second = data() / "statements/2024-2";
  fs::rename(second, temp_ / "aside");
  std::string error = error_of([this] { make(); });
  EXPECT_NE(error.find("2024-2 is missing"), std::string::npos) << error;
  fs::rename(data() / "statements/2024-3", second);
  error = error_of([this] { make(); });
  EXPECT_NE(error.find("does not follow the one before"), std::string::npos) << error;
  fs::remove_all(second);
  fs::rename(temp_ / "aside", second);
  std::ofstream(second / "payouts.ndjson", std::ios::app) << "\n";
  error = error_of([this] { make(); });
  EXPECT_NE(error.find("payouts.ndjson is not the one that was signed"), std::string::npos)
      << error;
}

// ---- its place ----

TEST_F(ReconciliationTest, a_statement_is_on_stable_storage_when_it_is_made) {
  SyncLog syncs;
  make();
  EXPECT_TRUE(syncs.has(data() / "statements", made_.folder)) << "its name";
  EXPECT_TRUE(syncs.has(data(), data() / "statements")) << "the name of the folder it is in";
}

TEST_F(ReconciliationTest, when_its_files_cannot_be_used_there_is_none_and_no_number_is_lost) {
  const std::string error = error_of([this] {
    make(false, no_report, [](const fs::path&) { throw std::runtime_error("no space"); });
  });
  EXPECT_EQ(error, "no space");
  EXPECT_TRUE(fs::is_empty(data() / "statements"));
  make(false, no_report,
       [](const fs::path& folder) { EXPECT_TRUE(fs::exists(folder / "manifest.sig")); });
  EXPECT_EQ(made_.id, "2024-1");
}

TEST_F(ReconciliationTest, a_statement_says_until_when_items_may_come) {
  const json::object statement = make();
  EXPECT_EQ(statement.at("isYearOver"), true) << "made on 1 January 2025";
  EXPECT_EQ(statement.at("lastReportDay"), "2025-06-30");
  EXPECT_EQ(statement.at("lastCreditNoteDay"), "2027-12-31");
  now_.seconds -= 2 * 3600;
  EXPECT_EQ(make().at("isYearOver"), false);
}

TEST_F(ReconciliationTest, its_manifest_covers_every_file_and_is_signed) {
  make();
  const std::string manifest = read_file(made_.folder / "manifest.json");
  std::size_t listed = 0;
  const json::value parsed = json::parse(manifest);
  for (const json::value& file : parsed.at("files").as_array()) {
    const fs::path path = made_.folder / std::string(file.at("name").as_string());
    EXPECT_EQ(file.at("bytes").to_number<std::uint64_t>(), fs::file_size(path));
    EXPECT_EQ(file.at("sha256").as_string(), to_hex(sha256_of_file(path)));
    ++listed;
  }
  const auto files = std::distance(fs::directory_iterator(made_.folder), fs::directory_iterator());
  EXPECT_EQ(listed + 2, static_cast<std::size_t>(files))
      << "all but the manifest and its signature";
  const KeyRing keys = KeyRing::open_or_create(data() / "keys");
  EXPECT_EQ(read_series(data() / "statements", year, keys.signing).value().id, "2024-1");
}

TEST_F(ReconciliationTest, a_changed_statement_is_refused_by_the_next_one) {
  make();
  const fs::path path = made_.folder / "statement.json";
  std::string text = read_file(path);
  text[text.find("countedOre") + 13] ^= 1;
  std::ofstream(path, std::ios::trunc) << text;
  const std::string error = error_of([this] { make(); });
  EXPECT_NE(error.find("not the one that was signed"), std::string::npos) << error;
}

TEST_F(ReconciliationTest, the_second_statement_explains_its_difference_from_the_first) {
  const json::object first = make();
  load(2000, 3000);
  const json::object second = make();
  EXPECT_EQ(second.at("statement"), "2024-2");
  EXPECT_EQ(second.at("differences").at("count"), 0);
  const json::object& previous = second.at("previous").as_object();
  EXPECT_EQ(previous.at("statement"), "2024-1");
  EXPECT_EQ(previous.at("position"), first.at("position"));
  EXPECT_EQ(previous.at("isConfirmed"), true);
  const json::object& changes = second.at("changes").as_object();
  EXPECT_EQ(changes.at("isExplained"), true);
  for (const auto& figure : changes.at("totals").as_object()) {
    EXPECT_EQ(figure.value().to_number<std::int64_t>(),
              second.at("totals").at(figure.key()).to_number<std::int64_t>() -
                  first.at("totals").at(figure.key()).to_number<std::int64_t>())
        << figure.key();
  }
  const auto rows = read_ndjson(made_.folder / "changes.ndjson");
  std::int64_t counted = 0;
  std::int64_t refunded = 0;
  for (const json::object& row : rows) {
    counted += row.at("countedOre").to_number<std::int64_t>();
    refunded += row.at("refundedOre").to_number<std::int64_t>();
  }
  EXPECT_EQ(changes.at("totals").at("countedOre"), counted);
  EXPECT_EQ(changes.at("totals").at("refundedOre"), refunded);
  EXPECT_GT(rows.size(), 100U);
}

TEST_F(ReconciliationTest, a_dry_run_says_the_same_and_leaves_nothing) {
  const json::object dry = make(true);
  EXPECT_EQ(dry.at("number"), 0);
  EXPECT_FALSE(fs::exists(made_.folder / "manifest.sig"));
  fs::remove_all(made_.folder.parent_path());
  EXPECT_TRUE(fs::is_empty(data() / "statements"));
  const json::object kept = make();
  EXPECT_EQ(kept.at("number"), 1);
  EXPECT_EQ(kept.at("totals"), dry.at("totals"));
  EXPECT_EQ(kept.at("latenessCost"), dry.at("latenessCost"));
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

// ---- damage to the files of the state ----

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
