#pragma once

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "storage/closing/reconciliation.h"
#include "storage/files/files.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/state/open_state.h"
#include "tests/storage/temp_folder.h"
#include "tests/storage/workload.h"

// A ledger to reconcile, and what a statement says.

namespace storage::test {

inline constexpr int year = 2024;

inline const ReportProgress no_report = [](std::string_view, std::string_view, std::uint64_t,
                                           std::uint64_t) {};

inline boost::json::object read_json(const std::filesystem::path& path) {
  return boost::json::parse(read_file(path)).as_object();
}

inline std::vector<boost::json::object> read_ndjson(const std::filesystem::path& path) {
  std::vector<boost::json::object> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    rows.push_back(boost::json::parse(line).as_object());
  }
  return rows;
}

inline std::int64_t count_of(const boost::json::object& statement, const char* kind) {
  return statement.at("differences").at("byKind").at(kind).to_number<std::int64_t>();
}

/// A ledger on disk, closed between the steps of a test.
class ClosedLedgerTest : public testing::Test {
 protected:
  /// Reconciles the closed ledger; the text of the statement's file.
  boost::json::object make(bool is_dry_run = false, const ReportProgress& report = no_report,
                           const UseFiles& use_files = {}) {
    LedgerFiles files(options_in(data(), 700));
    made_ = reconcile(source_of(files), year, is_dry_run, report, use_files);
    return read_json(made_.folder / "statement.json");
  }

  ReconciliationSource source_of(LedgerFiles& files) const {
    const auto copy_state = [&files](const std::filesystem::path& folder) {
      files.state().begin_hand_over();
      ASSERT_TRUE(files.state().await_hand_over());
      files.state().copy_files(folder);
    };
    const auto append = [&files](const ledger::StatementEntry& statement) {
      const auto appended =
          ingest::append_note(files.state(), files.journal(), files.rules(), files.are_rules_new(),
                              statement, statement.made_at);
      EXPECT_TRUE(appended);
      return appended;
    };
    ReconciliationSource source{data(),
                                files.journal(),
                                files.state().statements(year),
                                append,
                                *files.keys().signing,
                                files.rules(),
                                copy_state,
                                now_};
    source.positions_per_part = positions_per_part_;
    return source;
  }

  /// Damages the closed ledger's state, reconciles, and expects differences of this kind, the first
  /// of which it gives.
  boost::json::object first_difference(const char* kind) {
    const boost::json::object statement = make(true);
    EXPECT_GT(count_of(statement, kind), 0) << boost::json::serialize(statement.at("differences"));
    for (boost::json::object& row : read_ndjson(made_.folder / "differences.ndjson")) {
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

  std::filesystem::path data() const { return temp_ / "data"; }
  std::filesystem::path state() const { return temp_ / "data/state"; }

  TempFolder temp_;
  std::uint64_t positions_per_part_ = 300;  // seven parts
  ledger::Instant now_{1'735'689'600, 0};   // 2025-01-01 01:00 in Oslo
  MadeStatement made_;
};

/// Of random items of two years.
class ReconciliationTest : public ClosedLedgerTest {
 protected:
  ReconciliationTest() : items_(Workload(77, 60).take(3000)) { load(0, 2000); }

  /// Items of the workload, in groups of 150.
  void load(std::size_t first, std::size_t last) {
    LedgerWithWriter ledger(options_in(data(), 700));
    ledger.commit_in_groups({items_.begin() + static_cast<std::ptrdiff_t>(first),
                             items_.begin() + static_cast<std::ptrdiff_t>(last)},
                            150);
  }

  const std::vector<ledger::Item> items_;
};

}  // namespace storage::test
