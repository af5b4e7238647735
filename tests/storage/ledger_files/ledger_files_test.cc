#include "storage/ledger_files/ledger_files.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"
#include "storage/files/files.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/no_room.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Money;
using ledger::Position;

std::vector<ledger::Item> items_of(std::uint64_t seed, std::size_t count) {
  return Workload(seed).take(count);
}

std::string error_of_opening(const fs::path& folder) {
  return error_of([&] { const LedgerFiles files(options_in(folder)); });
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

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
  EXPECT_GT(before.cards(), 0U);
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
  std::vector<ledger::Digest> roots;
  std::set<std::string> checksums;
  for (const std::size_t together : {1U, 2U, 4U}) {
    const fs::path folder = temp / std::to_string(together);
    {
      LedgerWithWriter ledger(options_in(folder, 90));
      ledger.commit_in_groups(items, 9, together);
      roots.push_back(ledger.files().journal().head_root());
    }
    fs::remove_all(folder / "state");
    checksums.insert(LedgerWithWriter(options_in(folder)).checksum());
  }
  EXPECT_EQ(roots, std::vector(roots.size(), roots.front()));
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
      const auto history = ledger.files().history(account.newest);
      ASSERT_TRUE(history);
      Position before;
      for (const ledger::Entry& entry : history.value()) {
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
    public_key = ledger.files().keys().signing.public_key();
    head = ledger.files().journal().head_root();
  }
  OpenJournal journal(temp / "data");
  ledger::Digest previous{};
  for (const std::string& key : journal.keys()) {
    const std::string bytes = journal.get(key);
    const auto record = decode_record(bytes);
    ASSERT_TRUE(record);
    EXPECT_EQ(record.value().previous_root, previous);
    std::vector<ledger::Digest> leaves{MerkleTree::leaf_hash(record.value().content)};
    leaves.insert(leaves.end(), record.value().leaves.begin(), record.value().leaves.end());
    EXPECT_EQ(MerkleTree(leaves).root(), record.value().root);
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

TEST(LedgerFiles, refuses_a_journal_that_ends_before_what_was_durable) {
  const TempFolder temp;
  LedgerOptions options = options_in(temp / "data");
  {
    LedgerWithWriter ledger(options);
    ledger.commit_in_groups(items_of(21, 60), 20);
    options.journal.durable = Position{ledger.files().journal().next_position().value() + 1};
  }
  fs::remove_all(temp / "data/state");
  EXPECT_THROW(LedgerFiles{options}, DamagedJournal);
}

TEST(LedgerFiles, notes_a_damaged_block_with_its_file_and_serves_nothing_of_it) {
  const TempFolder temp;
  {
    LedgerWithWriter ledger(options_in(temp / "data", 100));
    ledger.commit_in_groups(items_of(22, 600), 30);
  }
  // The first block of each file: rows.
  for (const auto& file : fs::directory_iterator(temp / "data/state")) {
    if (file.path().extension() == ".sst") flip_byte(file.path(), 10);
  }
  std::vector<Fault> faults;
  LedgerOptions options = options_in(temp / "data");
  options.note_fault = [&](const Fault& fault) { faults.push_back(fault); };
  // Its practices are read when it is opened.
  EXPECT_THROW(LedgerFiles{options}, DamagedState);
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults.front().kind, FaultKind::state_damaged);
  expect_contains(faults.front().reason, (temp / "data/state/").string());
  expect_contains(faults.front().reason, ".sst");
}

TEST(LedgerFiles, notes_a_group_that_cannot_be_written) {
  const TempFolder temp;
  std::vector<Fault> faults;
  std::mutex mutex;
  LedgerOptions options = options_in(temp / "data");
  options.note_fault = [&](const Fault& fault) {
    const std::lock_guard lock(mutex);
    faults.push_back(fault);
  };
  LedgerWithWriter ledger(options);
  ledger.commit(items_of(23, 20));
  ledger::CommitGroup group;
  group.position = ledger.files().journal().next_position();
  group.committed_at = ledger::first_instant;
  {
    const NoRoom no_room;
    EXPECT_FALSE(ledger.files().journal().append(std::array{ledger::AnsweredGroup{group, {}}}));
  }
  EXPECT_EQ(ledger.files().journal().next_position(), group.position);
  const std::lock_guard lock(mutex);
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults.front().kind, FaultKind::unwritable);
  expect_contains(faults.front().reason, "the journal cannot be written");
  expect_contains(faults.front().reason, "File too large");
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

TEST(LedgerFiles, names_a_damaged_last_record) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit_in_groups(items_of(12, 60), 20); }
  {
    OpenJournal journal(temp / "data");
    const std::string last = journal.keys().back();
    const std::string record = journal.get(last);
    journal.put(last, record.substr(0, record.size() - 1));
  }
  const std::string error = error_of_opening(temp / "data");
  expect_contains(error, "the last record of the journal");
  expect_contains(error, "restore the latest backup");
}

TEST(LedgerFiles, names_a_damaged_record_that_it_replays_and_keeps_nothing_of_it) {
  const TempFolder temp;
  const std::vector<ledger::Item> items = items_of(13, 200);
  std::string checksum;
  {
    LedgerWithWriter ledger(options_in(temp / "data"));
    ledger.commit_in_groups(items, 40);
    checksum = ledger.checksum();
  }
  fs::remove_all(temp / "data/state");
  std::string key;
  std::string record;
  {
    OpenJournal journal(temp / "data");
    key = journal.keys()[2];
    record = journal.get(key);
    // The verdict of the last entry says the opposite: the rules do not give that.
    auto decoded = decode_record(record).value();
    auto& verdict = decoded.group.entries.back().verdict;
    verdict.exempt = !verdict.exempt;
    std::string changed = encode_content(decoded.group, decoded.previous_root);
    ledger::Seal seal;
    seal.root = decoded.root;
    seal.key_id = decoded.key_id;
    seal.signature = decoded.signature;
    append_seal(changed, decoded.leaves, seal);
    journal.put(key, changed);
  }
  const std::uint64_t at = decode_journal_key(key).value();
  const std::string error = error_of_opening(temp / "data");
  expect_contains(error, "position " + std::to_string(at));
  expect_contains(error, "damaged");
  // With the right record back, the state must not have half of that group already.
  OpenJournal(temp / "data").put(key, record);
  EXPECT_EQ(LedgerWithWriter(options_in(temp / "data")).checksum(), checksum);
}

TEST(LedgerFiles, refuses_a_journal_that_has_lost_what_the_state_knows) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit_in_groups(items_of(14, 60), 20); }
  {
    OpenJournal journal(temp / "data");
    journal.remove(journal.keys().back());
  }
  const std::string error = error_of_opening(temp / "data");
  expect_contains(error, "the state is ahead of the journal");
  expect_contains(error, "restore the latest backup");
}

TEST(LedgerFiles, names_a_journal_with_a_hole) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit_in_groups(items_of(15, 100), 20); }
  fs::remove_all(temp / "data/state");
  {
    OpenJournal journal(temp / "data");
    journal.remove(journal.keys()[2]);
  }
  EXPECT_NE(error_of_opening(temp / "data"), "");
}

TEST(LedgerFiles, drops_a_torn_last_write_and_nothing_else) {
  const TempFolder temp;
  const std::vector<ledger::Item> items = items_of(16, 60);
  std::string checksum;
  {
    LedgerWithWriter ledger(options_in(temp / "data"));
    ledger.commit({items.begin(), items.begin() + 40});
    checksum = ledger.checksum();
    ledger.commit({items.begin() + 40, items.end()});
  }
  fs::remove_all(temp / "data/state");
  const fs::path wal = journal_wal(temp / "data");
  fs::resize_file(wal, fs::file_size(wal) - 5);
  EXPECT_EQ(LedgerWithWriter(options_in(temp / "data")).checksum(), checksum);
}

TEST(LedgerFiles, drops_all_groups_of_a_torn_write) {
  const std::vector<ledger::Item> items = items_of(25, 200);
  const std::span<const ledger::Item> later = std::span(items).subspan(40);
  const TempFolder temp;
  std::string checksum;
  std::uintmax_t whole = 0;
  {
    LedgerWithWriter ledger(options_in(temp / "data"));
    ledger.commit(std::span(items).first(40));
    checksum = ledger.checksum();
    whole = fs::file_size(journal_wal(temp / "data"));
    ledger.commit_in_groups(later, 40, 4);
  }
  fs::remove_all(temp / "data/state");
  const std::uintmax_t added = fs::file_size(journal_wal(temp / "data")) - whole;
  // In the first of the four groups, in the others, and just before the end.
  for (const std::uintmax_t kept :
       {added / 8, added / 3, added / 2, added - added / 8, added - 1}) {
    const fs::path torn = temp / "torn";
    fs::copy(temp / "data", torn, fs::copy_options::recursive);
    fs::resize_file(journal_wal(torn), whole + kept);
    LedgerWithWriter ledger(options_in(torn));
    EXPECT_EQ(ledger.checksum(), checksum) << kept << " of " << added;
    fs::remove_all(torn);
  }
}

TEST(LedgerFiles, names_a_flipped_byte_in_the_journal) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit_in_groups(items_of(17, 60), 20); }
  const fs::path wal = journal_wal(temp / "data");
  const std::uintmax_t size = fs::file_size(wal);
  // In the first, a middle and the last record, which the state has.
  for (const std::uintmax_t at : {size / 6, size / 2, size - 10}) {
    flip_byte(wal, at);
    const std::string error = error_of_opening(temp / "data");
    expect_contains(error, "cannot open the database in " + (temp / "data/journal").string());
    flip_byte(wal, at);
  }
  EXPECT_EQ(error_of_opening(temp / "data"), "");
}

TEST(LedgerFiles, drops_a_write_that_was_torn_to_garbage) {
  for (const char garbage : {'\0', '\x7f'}) {
    const TempFolder temp;
    const auto items = items_of(16, 60);
    std::string checksum;
    {
      LedgerWithWriter ledger(options_in(temp / "data"));
      ledger.commit({items.begin(), items.begin() + 40});
      checksum = ledger.checksum();
      ledger.commit({items.begin() + 40, items.end()});
    }
    // As after a crash: the state is behind.
    fs::remove_all(temp / "data/state");
    const fs::path wal = journal_wal(temp / "data");
    const auto size = static_cast<std::streamoff>(fs::file_size(wal));
    std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
    for (file.seekp(size * 9 / 10); file.tellp() < size;) file.put(garbage);
    file.close();
    EXPECT_EQ(LedgerWithWriter(options_in(temp / "data")).checksum(), checksum);
  }
}

TEST(LedgerFiles, names_damage_that_records_follow) {
  const TempFolder temp;
  { LedgerWithWriter(options_in(temp / "data")).commit_in_groups(items_of(17, 60), 20); }
  fs::remove_all(temp / "data/state");  // nothing else knows how far the journal went
  const fs::path wal = journal_wal(temp / "data");
  const std::uintmax_t size = fs::file_size(wal);
  for (const std::uintmax_t at : {size / 6, size / 2}) {
    flip_byte(wal, at);
    expect_contains(error_of_opening(temp / "data"), "cannot open the database");
    EXPECT_EQ(fs::file_size(wal), size);
    flip_byte(wal, at);
  }
  EXPECT_EQ(error_of_opening(temp / "data"), "");
}

TEST(LedgerFiles, names_damaged_files_of_the_state_and_opens_without_them) {
  const TempFolder temp;
  std::string checksum;
  {
    LedgerWithWriter ledger(options_in(temp / "data", 20));
    ledger.commit_in_groups(items_of(18, 100), 20);
    checksum = ledger.checksum();
  }
  for (const auto& file : fs::directory_iterator(temp / "data/state")) {
    if (file.path().extension() == ".sst") fs::resize_file(file.path(), 30);
  }
  expect_contains(error_of_opening(temp / "data"), (temp / "data/state").string());
  fs::remove_all(temp / "data/state");
  EXPECT_EQ(LedgerWithWriter(options_in(temp / "data")).checksum(), checksum);
}

}  // namespace
}  // namespace storage::test
