#include "storage/ledger_files/ledger_files.h"
#include "storage/ledger_files/history.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"
#include "storage/bytes/practice_names.h"
#include "storage/files/files.h"
#include "tests/storage/ledger_files/opening.h"
#include "tests/storage/no_room.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Money;
using ledger::Position;

// ---- recovery ----

TEST(LedgerFiles, is_the_same_when_closed_and_opened) {
  const TempFolder temp;
  StateTotals before;
  {
    LedgerWithWriter ledger(options_in(temp / "data", 100));
    ledger.commit_in_groups(items_of(1, 1000), 30);
    before = ledger.totals();
  }
  LedgerWithWriter ledger(options_in(temp / "data"));
  EXPECT_EQ(ledger.totals(), before);
  EXPECT_GT(before.cards, 0U);
  EXPECT_FALSE(ledger.files().are_rules_new());
}

TEST(LedgerFiles, makes_its_state_again_from_the_journal) {
  const TempFolder temp;
  StateTotals before;
  {
    LedgerWithWriter ledger(options_in(temp / "data", 100));
    ledger.commit_in_groups(items_of(2, 1000), 30);
    before = ledger.totals();
  }
  fs::remove_all(temp / "data/state");
  // With hand-overs while it replays.
  EXPECT_EQ(LedgerWithWriter(options_in(temp / "data", 70)).totals(), before);
  EXPECT_EQ(LedgerWithWriter(options_in(temp / "data")).totals(), before);
}

TEST(LedgerFiles, has_one_checksum_however_the_items_are_grouped) {
  const std::vector<ledger::Item> items = items_of(3, 600);
  std::set<std::string> checksums;
  for (const std::size_t group_size : {1U, 7U, 64U, 600U}) {
    const TempFolder temp;
    LedgerWithWriter ledger(options_in(temp / "data", 90));
    ledger.commit_in_groups(items, group_size);
    checksums.insert(ledger.checksum());
  }
  EXPECT_EQ(checksums.size(), 1U);
}

TEST(LedgerFiles, keeps_the_same_whether_groups_share_a_sync) {
  const std::vector<ledger::Item> items = items_of(24, 600);
  const TempFolder temp;
  std::set<Position> ends;
  std::set<std::string> checksums;
  for (const std::size_t together : {1U, 2U, 4U}) {
    const fs::path folder = temp / std::to_string(together);
    {
      LedgerWithWriter ledger(options_in(folder, 90));
      ledger.commit_in_groups(items, 9, together);
      ends.insert(ledger.files().journal().next_position());
    }
    fs::remove_all(folder / "state");
    checksums.insert(LedgerWithWriter(options_in(folder)).checksum());
  }
  EXPECT_EQ(ends.size(), 1U);
  EXPECT_EQ(checksums.size(), 1U);
}

TEST(LedgerFiles, has_one_checksum_however_often_items_are_sent_again) {
  const std::vector<ledger::Item> items = items_of(4, 300);
  const TempFolder temp;
  LedgerWithWriter once(options_in(temp / "once"));
  once.commit_in_groups(items, 20);
  std::string checksum;
  {
    LedgerWithWriter again(options_in(temp / "again"));
    for (std::size_t i = 0; i < items.size(); i += 20) {
      const std::vector<ledger::Item> group(items.begin() + static_cast<std::ptrdiff_t>(i),
                                            items.begin() + static_cast<std::ptrdiff_t>(i + 20));
      // Interrupted after the commit and before the answer, so sent once more. Only what a resend
      // must not change: a rejected item may find another state the second time.
      std::vector<ledger::Item> copayments;
      for (const ledger::Item& item : group) {
        if (item.type == ledger::ItemType::copayment && item.exemption == 0) {
          copayments.push_back(item);
        }
      }
      again.commit(group);
      if (!copayments.empty()) again.commit(copayments);
    }
    checksum = again.checksum();
  }
  EXPECT_EQ(checksum, once.checksum());
}

TEST(LedgerFiles, replays_a_copy_taken_while_it_was_open) {
  const TempFolder temp;
  LedgerWithWriter ledger(options_in(temp / "data"));
  Workload workload(5);
  for (int copy = 0; copy < 3; ++copy) {
    ledger.commit_in_groups(workload.take(200), 11);
    const fs::path copied = temp / ("copy" + std::to_string(copy));
    fs::copy(temp / "data", copied, fs::copy_options::recursive);
    LedgerWithWriter replayed(options_in(copied));
    EXPECT_EQ(replayed.totals(), ledger.totals());
    EXPECT_EQ(replayed.files().journal().head_root(), ledger.files().journal().head_root());
  }
}

/// Where the process that is about to be killed works; made by the process that waits for it.
constexpr const char* crash_folder = "FRIKORT_TEST_CRASH_FOLDER";

class LedgerFilesDeathTest : public testing::TestWithParam<std::size_t> {};

TEST_P(LedgerFilesDeathTest, loses_nothing_when_killed_among_hand_overs) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  // The child runs this test from the start: it works in its parent's folder, and makes none that
  // nobody would remove.
  std::optional<TempFolder> temp;
  if (std::getenv(crash_folder) == nullptr) {
    temp.emplace();
    ::setenv(crash_folder, temp->path().c_str(), 0);
  }
  const fs::path folder = std::getenv(crash_folder);
  const fs::path data = folder / "data";
  const std::vector<ledger::Item> items = items_of(6, GetParam());
  const auto work_and_die = [&] {
    LedgerWithWriter ledger(options_in(data, 60));
    ledger.commit_in_groups(items, 10);
    ::raise(SIGKILL);
  };
  EXPECT_EXIT(work_and_die(), testing::KilledBySignal(SIGKILL), "");
  ::unsetenv(crash_folder);
  LedgerWithWriter undisturbed(options_in(folder / "undisturbed"));
  undisturbed.commit_in_groups(items, 10);
  EXPECT_EQ(LedgerWithWriter(options_in(data, 60)).totals(), undisturbed.totals());
}

INSTANTIATE_TEST_SUITE_P(After, LedgerFilesDeathTest, testing::Values(10, 60, 300, 730, 1500));

// ---- the journal ----

TEST(LedgerFiles, tells_the_history_of_an_account) {
  const TempFolder temp;
  LedgerWithWriter ledger(options_in(temp / "data", 60));
  ledger.commit_in_groups(items_of(7, 600), 90);
  std::size_t entries = 0;
  for (std::uint64_t person = 1; person <= ledger.totals().persons; ++person) {
    for (const int year : {2024, 2025}) {
      const ledger::Account account =
          ledger.files().state().account({ledger::PersonId{person}, year}).value();
      const auto history = history_of(ledger.files().journal(), {account.newest, Position(), year});
      ASSERT_TRUE(history);
      Position before;
      for (const ledger::Entry& any : history.value()) {
        const ledger::ItemEntry& entry = *item_of(any);
        EXPECT_EQ(entry.person, ledger::PersonId{person});
        EXPECT_EQ(entry.previous, before);
        before = entry.verdict.position;
      }
      EXPECT_EQ(before, account.newest);
      entries += history.value().size();
    }
  }
  const StateTotals totals = ledger.totals();
  EXPECT_EQ(entries, totals.registrations + totals.payments + totals.credit_notes);
}

TEST(LedgerFiles, chains_and_signs_every_record) {
  const TempFolder temp;
  std::array<std::uint8_t, 32> public_key{};
  ledger::Digest head{};
  {
    LedgerWithWriter ledger(options_in(temp / "data"));
    ledger.commit_in_groups(items_of(8, 100), 9);
    public_key = ledger.files().keys().signing->current()->public_key();
    head = ledger.files().journal().head_root();
  }
  OpenJournal journal(temp / "data");
  PracticeNames practices;
  ledger::Digest previous{};
  for (const std::string& key : journal.keys()) {
    const std::string bytes = journal.get(key);
    auto record = decode_record(bytes);
    ASSERT_TRUE(record);
    EXPECT_EQ(record.value().previous_root, previous);
    for (ledger::Entry& entry : record.value().group.entries) {
      EXPECT_TRUE(practices.complete(entry));
    }
    EXPECT_EQ(MerkleTree(leaves_of(record.value())).root(), record.value().root);
    EXPECT_TRUE(is_signed_by(public_key, record.value().root, record.value().signature));
    previous = record.value().root;
  }
  EXPECT_EQ(previous, head);
}

// ---- read-only ----

/// Every file with its content.
std::map<fs::path, std::string> content_of(const fs::path& folder) {
  std::map<fs::path, std::string> content;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) content[entry.path()] = read_file(entry.path());
  }
  return content;
}

TEST(LedgerFiles, read_only_shows_all_that_is_durable_and_changes_no_file) {
  const TempFolder temp;
  StateTotals before;
  StateTotals earlier;
  Position position;
  {
    // So few hand-overs that RocksDB merges nothing, which would remove files while they are
    // copied.
    LedgerWithWriter ledger(options_in(temp / "data", 300));
    // One after the other, so that however slow the machine is none goes beyond `position`.
    Workload workload(19);
    for (int i = 0; i < 7; ++i) {
      ledger.commit_in_groups(workload.take(100), 30);
      EXPECT_TRUE(ledger.files().state().await_hand_over());
    }
    earlier = ledger.totals();
    position = ledger.files().journal().next_position();
    ledger.commit_in_groups(Workload(20).take(100), 30);
    before = ledger.totals();
    // As a crash leaves it: with a tail that the state does not have.
    EXPECT_TRUE(ledger.files().state().await_hand_over());
    fs::copy(temp / "data", temp / "copy", fs::copy_options::recursive);
  }
  const auto content = content_of(temp / "copy");
  LedgerOptions options = options_in(temp / "copy", 1);
  options.mode = OpenMode::read_only;
  {
    const NoRoom no_room;
    EXPECT_EQ(LedgerFiles(options).state().head().totals, before);
    // A group whose sync failed is in the files, and not on stable storage.
    options.journal.durable = position;
    LedgerFiles files(options);
    EXPECT_EQ(files.state().head().totals, earlier);
    EXPECT_EQ(files.journal().next_position(), position);
    EXPECT_LT(files.state().begun(), position);
  }
  EXPECT_EQ(content_of(temp / "copy"), content);
  options.mode = OpenMode::read_write;
  EXPECT_EQ(LedgerFiles(options).state().head().totals, before);
}

// ---- what is refused ----

TEST(LedgerFiles, refuses_a_folder_that_is_in_use) {
  const TempFolder temp;
  const LedgerWithWriter ledger(options_in(temp / "data"));
  const std::string error = error_of_opening(temp / "data");
  expect_contains(error, (temp / "data/journal").string() + " is in use by another process");
}

TEST(LedgerFiles, wants_the_keys_that_its_ledger_was_made_with) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit(items_of(17, 20)); }
  { LedgerWithWriter(options_in(temp / "other")).commit(items_of(18, 20)); }

  LedgerOptions options = options_in(temp / "data");
  const auto error = [&] { return error_of([&] { const LedgerFiles files(options); }); };
  options.keys_folder = temp / "nowhere";
  expect_contains(error(), "there are no keys in " + options.keys_folder.string());
  EXPECT_FALSE(fs::exists(options.keys_folder));

  options.keys_folder = temp / "other" / "keys";
  expect_contains(error(), "is signed with the key");

  options.keys_folder.clear();
  EXPECT_EQ(error(), "");
}

TEST(LedgerFiles, is_begun_on_a_disk_of_its_own_for_the_journal) {
  const TempFolder temp;
  fs::create_directories(temp / "data" / "journal" / "lost+found");
  EXPECT_EQ(error_of_opening(temp / "data"), "");
}

TEST(LedgerFiles, refuses_a_changed_ceiling_and_changes_nothing) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit(items_of(9, 20)); }
  LedgerOptions options = options_in(temp / "data");
  options.ceilings[2025].amount = Money::from_kroner(3300);
  const std::string error = error_of([&] { const LedgerFiles files(options); });
  expect_contains(error, "ceiling of 2025");
  expect_contains(error, "3278 kroner");
  options = options_in(temp / "data");
  options.ceilings.erase(2024);
  expect_contains(error_of([&] { const LedgerFiles files(options); }), "ceiling of 2024");
  EXPECT_EQ(error_of_opening(temp / "data"), "");
}

TEST(LedgerFiles, accepts_an_added_year_and_keeps_it_in_the_journal) {
  const TempFolder temp;
  const ledger::Item in_2027 = ledger::test::a_copayment().guid(900).on("2027-03-01T10:00:00Z");
  LedgerOptions more = options_in(temp / "data");
  more.ceilings[2027] = {Money::from_kroner(3400), "a source with words, and ø"};
  std::string checksum;
  {
    LedgerWithWriter ledger(options_in(temp / "data"));
    EXPECT_TRUE(ledger.files().are_rules_new());
    ledger.commit(items_of(10, 20));
  }
  {
    LedgerWithWriter ledger(more);
    EXPECT_TRUE(ledger.files().are_rules_new());
    const std::uint64_t before = ledger.totals().registrations;
    ledger.commit({&in_2027, 1});
    EXPECT_EQ(ledger.totals().registrations, before + 1);
    checksum = ledger.checksum();
  }
  EXPECT_FALSE(LedgerWithWriter(more).files().are_rules_new());
  fs::remove_all(temp / "data/state");
  EXPECT_EQ(LedgerWithWriter(more).checksum(), checksum) << "replayed under two rule packs";
  expect_contains(error_of_opening(temp / "data"), "ceiling of 2027");
}

TEST(LedgerFiles, refuses_ceilings_that_the_journal_could_not_tell) {
  const TempFolder temp;
  LedgerOptions options = options_in(temp / "data");
  options.ceilings[2027] = {Money::from_kroner(3400), "two\nlines"};
  expect_contains(error_of([&] { LedgerWithWriter(options).commit(items_of(11, 20)); }), "2027");
  EXPECT_EQ(error_of_opening(temp / "data"), "");
}

}  // namespace
}  // namespace storage::test
