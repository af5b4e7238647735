// A statement whose publication fails: nothing of it is lost.

#include "storage/closing/publication.h"

#include <gtest/gtest.h>

#include "storage/closing/statement_files.h"
#include "tests/storage/closing/reconciliation_fixture.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;

class PublicationTest : public ReconciliationTest {
 protected:
  /// Reconciles; `append` has the journal's answer, and gives the one that is told instead.
  std::string error_of_publication(
      const std::function<ledger::Result<ledger::Position>(ledger::Result<ledger::Position>)>&
          append) {
    LedgerFiles files(options_in(data(), 700));
    ReconciliationSource source = source_of(files);
    source.append = [append, real = source.append](const ledger::StatementEntry& statement) {
      return append(real(statement));
    };
    return error_of([&] { reconcile(source, year, false, no_report); });
  }
  fs::path place(int number) const {
    return data() / "statements" / ("2024-" + std::to_string(number));
  }
  /// Of the statements that the journal names.
  std::vector<StatementFault> faults() const {
    LedgerFiles files(options_in(data(), 700));
    return statement_faults(data(), all_statements(files), files.public_keys());
  }
};

TEST_F(PublicationTest, keeps_the_files_when_nobody_knows_whether_the_journal_has_the_entry) {
  const std::string error =
      error_of_publication([](const auto&) { return ledger::Errc::store_unavailable; });
  EXPECT_NE(error.find("wait in"), std::string::npos) << error;
  EXPECT_FALSE(fs::exists(place(1)));
  EXPECT_TRUE(faults().empty()) << "they wait";
  const boost::json::object second = make();
  EXPECT_EQ(second.at("number"), 2);
  EXPECT_TRUE(fs::exists(place(1)));
  EXPECT_TRUE(faults().empty());
}

TEST_F(PublicationTest, keeps_the_files_when_they_cannot_be_put_in_place) {
  const std::string error = error_of_publication([&](const auto& appended) {
    fs::create_directories(place(1) / "somebody");
    return appended;
  });
  EXPECT_NE(error.find("wait in"), std::string::npos) << error;
  fs::remove_all(place(1));
  EXPECT_TRUE(faults().empty()) << "they wait";
  {
    LedgerFiles files(options_in(data(), 700));
    finish_publications(data(), all_statements(files));
  }
  EXPECT_TRUE(fs::exists(place(1) / "payouts.ndjson"));
  EXPECT_TRUE(faults().empty());
  EXPECT_FALSE(fs::exists(reconciliation_work(data(), year, false)));
}

TEST_F(PublicationTest, begins_anew_when_the_journal_has_not_got_the_entry) {
  LedgerFiles files(options_in(data(), 700));
  ReconciliationSource source = source_of(files);
  source.append = [](const ledger::StatementEntry&) -> ledger::Result<ledger::Position> {
    return ledger::Errc::store_unavailable;
  };
  EXPECT_NE(error_of([&] { reconcile(source, year, false, no_report); }), "");
  const MadeStatement made = reconcile(source_of(files), year, false, no_report);
  EXPECT_EQ(made.id, "2024-1");
  EXPECT_TRUE(statement_faults(data(), all_statements(files), files.public_keys()).empty());
}

TEST_F(PublicationTest, makes_no_statement_where_a_folder_is_in_the_way) {
  fs::create_directories(place(1) / "somebody");
  EXPECT_NE(error_of([&] { make(); }).find("move that folder away"), std::string::npos);
  fs::remove_all(place(1));
  EXPECT_EQ(make().at("number"), 1) << "the journal names none";
}

}  // namespace
}  // namespace storage::test
