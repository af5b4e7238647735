#include "storage/closing/statement_series.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/storage/closing/reconciliation_fixture.h"
#include "tests/storage/journal/sync_log.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

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
  LedgerFiles kept(options_in(data(), 700));
  const auto statements = kept.state().statements(year);
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_EQ(statements[0].manifest, sha256(manifest));
  EXPECT_EQ(read_previous(data() / "statements", statements).value().id, "2024-1");
}

TEST_F(ReconciliationTest, a_changed_statement_is_refused_by_the_next_one) {
  make();
  const fs::path path = made_.folder / "statement.json";
  std::string text = read_file(path);
  text[text.find("countedOre") + 13] ^= 1;
  std::ofstream(path, std::ios::trunc) << text;
  const std::string error = error_of([this] { make(); });
  EXPECT_NE(error.find("not the file that was signed"), std::string::npos) << error;
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

TEST_F(ReconciliationTest, a_changed_manifest_is_not_the_one_that_the_journal_names) {
  make();
  std::ofstream(made_.folder / "manifest.json", std::ios::app) << "\n";
  const std::string error = error_of([this] { make(); });
  EXPECT_NE(error.find("not the one that the journal names"), std::string::npos) << error;
}

/// What each statement pays is known from the journal: its files may be gone.
TEST_F(ReconciliationTest, goes_on_with_the_series_though_the_files_are_gone) {
  const auto paid = [](const json::object& statement) {
    return statement.at("refunds").at("payOre").to_number<std::int64_t>() +
           statement.at("refunds").at("takeBackOre").to_number<std::int64_t>();
  };
  std::int64_t sum = paid(make());
  fs::remove_all(data() / "statements");
  load(2000, 3000);
  const json::object second = make();
  sum += paid(second);
  EXPECT_EQ(second.at("statement"), "2024-2");
  EXPECT_TRUE(second.at("previous").at("isConfirmed").is_null());
  EXPECT_TRUE(second.at("changes").is_null());
  const json::object third = make();
  EXPECT_EQ(third.at("statement"), "2024-3");
  EXPECT_EQ(third.at("previous").at("isConfirmed"), true);
  EXPECT_EQ(paid(third), 0);
  EXPECT_EQ(sum, third.at("totals").at("refundedOre").to_number<std::int64_t>());
  EXPECT_GT(sum, 0);
}

/// As if the process had ended between the entry and the move of the files.
TEST_F(ReconciliationTest, puts_the_files_of_a_statement_into_place_that_the_journal_has) {
  make();
  const fs::path work = reconciliation_work(data(), year, false);
  fs::create_directories(work);
  fs::rename(made_.folder, work / "statement");
  const json::object second = make();
  EXPECT_EQ(second.at("statement"), "2024-2");
  EXPECT_EQ(second.at("previous").at("isConfirmed"), true);
  EXPECT_TRUE(fs::exists(data() / "statements/2024-1/manifest.sig"));
}

}  // namespace
}  // namespace storage::test
