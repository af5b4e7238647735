// What is damaged is named, whether a ledger is opened or open, and nothing of it is served.

#include <gtest/gtest.h>

#include <mutex>

#include "storage/bytes/format.h"
#include "tests/storage/ledger_files/opening.h"
#include "tests/storage/no_room.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Position;

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
    EXPECT_FALSE(
        append_and_wait(ledger.files().journal(), std::array{ledger::AnsweredGroup{group, {}}}));
  }
  EXPECT_EQ(ledger.files().journal().next_position(), group.position);
  const std::lock_guard lock(mutex);
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults.front().kind, FaultKind::unwritable);
  expect_contains(faults.front().reason, "the journal cannot be written");
  expect_contains(faults.front().reason, "File too large");
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
    auto& verdict = item_of(decoded.group.entries.back())->verdict;
    verdict.exempt = !verdict.exempt;
    std::string changed = encode_content(decoded.group, decoded.previous_root, {}).bytes;
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
