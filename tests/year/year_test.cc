// A whole year against the slow reference: every person-year (sum, days, card, crossing item,
// entitlement, refund lines), every verdict, and every timeliness counter against a full scan.
//
// By default a generated year of 40 000 registrations is loaded into a ledger of its own. With
// FRIKORT_YEAR_DATA=DIR the ledger in that data folder is checked instead, of whatever size; no
// server may have it open.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "ingest/generator/generator.h"
#include "ingest/items/item_parser.h"
#include "ingest/writer/group_writer.h"
#include "ledger/reference/reference.h"
#include "storage/ledger_files/ledger_files.h"
#include "tests/storage/temp_folder.h"

namespace {

using ledger::AccountKey;
using ledger::ItemEntry;
using ledger::ItemType;

/// Everything in the journal, by account in position order.
struct Journaled {
  std::map<AccountKey, std::vector<ItemEntry>> accounts;
  std::map<ledger::RulePackHash, int> groups_by_rule_pack;
  std::uint64_t registrations = 0;
};

Journaled read_journal(const storage::LedgerFiles& files, storage::RocksDbJournal& journal) {
  static_cast<void>(files);
  Journaled journaled;
  std::map<std::pair<ledger::PracticeNumber, ledger::Guid>, AccountKey> accounts;
  const auto read = journal.replay(ledger::Position{1}, [&](const ledger::CommitGroup& group) {
    ++journaled.groups_by_rule_pack[group.rule_pack];
    for (const ledger::Entry& any : group.entries) {
      const ItemEntry& entry = *item_of(any);
      const auto registration = std::pair(entry.practice, entry.item.guid);
      if (entry.item.type == ItemType::copayment) {
        const int year = ledger::year_of(ledger::oslo_date(entry.item.service_time));
        accounts[registration] = {entry.person, year};
        ++journaled.registrations;
      }
      journaled.accounts[accounts.at(registration)].push_back(entry);
    }
    return ledger::ok();
  });
  EXPECT_TRUE(read) << read.error().message();
  return journaled;
}

/// Loads a generated year in groups of uneven size, as submissions would come.
void load_generated_year(storage::LedgerFiles& files, const ingest::GeneratorOptions& options) {
  ingest::GroupWriter writer(files.state(), files.journal(), files.rules(), files.are_rules_new(),
                             [](const auto&...) { return ledger::ok(); });
  ingest::ItemParser parser(files.keys().numbers, ledger::NumberSeries::production_and_tests);
  const ingest::Caller caller{{"test"}, true};
  std::vector<ingest::ParsedItem> items;
  std::size_t group_size = 1;
  const auto commit = [&] {
    ingest::PendingGroup pending;
    auto submission = std::make_unique<ingest::Submission>();
    submission->items = std::exchange(items, {});
    pending.submissions.push_back(std::move(submission));
    ASSERT_TRUE(writer.build(pending, ledger::Instant{1'700'000'000, 0}));
    ASSERT_TRUE(writer.commit({&pending, 1}));
    files.state().note_durable(pending.group.next_position());
    group_size = group_size * 7 % 2003 + 1;
  };
  ingest::Generator generator(options);
  std::string chunk;
  for (bool has_more = true; has_more; chunk.clear()) {
    has_more = generator.next_chunk(chunk);
    chunk.reserve(chunk.size() + ingest::ItemParser::padding_bytes);
    for (std::size_t begin = 0; begin < chunk.size();) {
      const std::size_t end = chunk.find('\n', begin);
      items.push_back(parser.parse(std::string_view(chunk).substr(begin, end - begin), caller, {}));
      begin = end + 1;
      if (items.size() >= group_size) commit();
    }
  }
  if (!items.empty()) commit();
}

void expect_same_account(const ledger::Account& stored, const ledger::ReferenceAccount& reference,
                         const AccountKey& key) {
  SCOPED_TRACE("account " + std::to_string(key.person.value()) + " of " + std::to_string(key.year));
  EXPECT_TRUE(reference.misfits.empty());
  EXPECT_EQ(stored.counted_sum.ore(), reference.account.counted_sum.ore());
  EXPECT_EQ(stored.days, reference.account.days);
  EXPECT_EQ(stored.card.has_value(), reference.account.card.has_value());
  if (stored.card && reference.account.card) {
    EXPECT_EQ(stored.card->state, reference.account.card->state);
    EXPECT_EQ(stored.card->issued_at, reference.account.card->issued_at);
    EXPECT_EQ(stored.card->entitled_from, reference.account.card->entitled_from);
    EXPECT_EQ(stored.card->crossing_guid, reference.account.card->crossing_guid);
    EXPECT_EQ(stored.card->rule_pack, reference.account.card->rule_pack);
  }
  EXPECT_EQ(stored.refund_lines, reference.account.refund_lines);
  EXPECT_EQ(stored.newest, reference.account.newest);
}

void check_accounts(storage::LedgerFiles& files, const Journaled& journaled) {
  std::uint64_t cards = 0;
  std::int64_t refunded = 0;
  ASSERT_EQ(journaled.groups_by_rule_pack.size(), 1U) << "one rule pack throughout is assumed";
  const ledger::RulePackHash& rule_pack = journaled.groups_by_rule_pack.begin()->first;
  for (const auto& [key, entries] : journaled.accounts) {
    const auto reference = ledger::reference_account(
        entries, key.year, *files.rules().ceiling_of(key.year), rule_pack);
    const auto stored = files.state().account(key);
    ASSERT_TRUE(stored);
    expect_same_account(stored.value(), reference, key);
    ASSERT_EQ(reference.verdicts.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(entries[i].verdict, reference.verdicts[i]);
    }
    if (stored.value().card) ++cards;
    refunded += stored.value().refunded().ore();
    if (testing::Test::HasFailure()) return;
  }
  const storage::StateTotals totals = files.state().head().totals;
  EXPECT_EQ(totals.accounts, journaled.accounts.size());
  EXPECT_EQ(totals.registrations, journaled.registrations);
  EXPECT_EQ(totals.cards, cards);
  EXPECT_EQ(totals.refunded_ore, refunded);
  std::cout << "equal to the reference: " << journaled.accounts.size() << " person-years, "
            << journaled.registrations << " registrations, " << cards << " cards\n";
}

void check_timeliness(storage::LedgerFiles& files, const Journaled& journaled) {
  std::vector<ItemEntry> all;
  for (const auto& [key, entries] : journaled.accounts) {
    all.insert(all.end(), entries.begin(), entries.end());
  }
  const auto scanned = ledger::reference_timeliness(all);
  for (const auto& [key, month] : scanned) {
    const auto stored = files.state().timeliness(key);
    ASSERT_TRUE(stored);
    // Trailing lags without any co-payment may or may not be there.
    auto by_lag = stored.value().by_lag;
    auto expected = month.by_lag;
    const std::size_t size = std::max(by_lag.size(), expected.size());
    by_lag.resize(size);
    expected.resize(size);
    ASSERT_EQ(by_lag, expected) << "practice " << key.practice.value();
  }
  // And nothing is counted where the scan has nothing.
  std::set<ledger::Month> months;
  for (const auto& [key, month] : scanned) months.insert(key.month);
  std::uint64_t counted = 0;
  const std::size_t practices = files.state().practices().size();
  for (std::uint32_t practice = 1; practice < practices; ++practice) {
    for (const ledger::Month month : months) {
      const auto stored = files.state().timeliness(
          {ledger::PracticeNumber{practice}, ledger::Basis::received, month});
      ASSERT_TRUE(stored);
      counted += figures_of(stored.value()).count;
    }
  }
  EXPECT_EQ(counted, journaled.registrations);
  std::cout << "equal to a full scan: " << scanned.size() << " timeliness rows\n";
}

void check(storage::LedgerFiles& files) {
  const Journaled journaled = read_journal(files, files.journal());
  if (testing::Test::HasFailure()) return;
  check_accounts(files, journaled);
  check_timeliness(files, journaled);
}

TEST(Year, equals_the_slow_reference_in_every_account_and_counter) {
  storage::LedgerOptions options;
  if (const char* const folder = std::getenv("FRIKORT_YEAR_DATA")) {
    ASSERT_TRUE(std::filesystem::exists(std::filesystem::path(folder) / "journal"))
        << "FRIKORT_YEAR_DATA names no ledger";
    options.folder = folder;
    storage::LedgerFiles files(options);
    check(files);
    return;
  }
  const storage::test::TempFolder folder;
  options.folder = folder.path();
  options.state.hand_over_items = 7'000;  // several hand-overs, and a rest in memory
  {
    storage::LedgerFiles files(options);
    load_generated_year(files, {40'000, 0, 2024, 20'240'229});
    check(files);
  }
  storage::LedgerFiles reopened(options);
  check(reopened);
}

}  // namespace
