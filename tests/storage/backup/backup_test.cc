#include "storage/backup/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "storage/backup/restore.h"
#include "storage/files/files.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Position;
using Verification = BackupManifest::Verification;

const ReportProgress no_report = [](std::string_view, std::string_view, std::uint64_t,
                                    std::uint64_t) {};

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// Changes a byte in the middle of the largest file below a folder.
void damage_largest(const fs::path& folder) {
  fs::path largest;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    if (largest.empty() || file.file_size() > fs::file_size(largest)) largest = file.path();
  }
  const auto middle = static_cast<std::streamoff>(fs::file_size(largest) / 2);
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(middle);
  const auto byte = static_cast<char>(file.get() ^ 0x21);
  file.seekp(middle);
  file.put(byte);
  ASSERT_TRUE(file.good());
}

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    ledger_.emplace(options_in(temp_ / "data", 400));
    ledger_->commit_in_groups(workload_.take(600), 30);
  }

  BackupSource source() {
    LedgerFiles& files = ledger_->files();
    return {files,
            [&files] {
              files.state().begin_hand_over();
              EXPECT_TRUE(files.state().await_hand_over());
            },
            [](Position) {}};
  }
  BackupOptions options() const {
    BackupOptions made;
    made.to = temp_ / "backups";
    made.now = ledger::test::instant("2026-03-01T02:00:00+01:00");
    return made;
  }
  BackupManifest back_up(const ReportProgress& report = no_report) {
    return storage::back_up(source(), options(), report);
  }

  /// With one file, as the journal and a signature vouch for it.
  void make_statement(std::uint32_t number, const std::string& content) {
    LedgerFiles& files = ledger_->files();
    const fs::path folder = temp_ / "data/statements" / ("2025-" + std::to_string(number));
    write_text(folder / "persons.csv", content);
    const std::string manifest =
        R"({"files":[{"name":"persons.csv","sha256":")" + to_hex(sha256(content)) + "\"}]}";
    write_text(folder / "manifest.json", manifest);
    const auto key = files.keys().signing->current();
    write_text(folder / "manifest.sig", R"({"keyId":")" + key->key_id() + R"(","signature":")" +
                                            to_hex(key->sign(sha256(manifest))) + "\"}");
    ledger::StatementEntry entry;
    entry.made_at = ledger::test::instant("2026-03-01T01:00:00+01:00");
    entry.year = 2025;
    entry.number = number;
    entry.up_to = files.state().head().last();
    entry.manifest = sha256(manifest);
    ASSERT_TRUE(ingest::append_note(files.state(), files.journal(), files.rules(),
                                    files.are_rules_new(), entry, entry.made_at));
  }

  RestoreOptions restore_options(const std::string& into) const {
    RestoreOptions made;
    made.from = temp_ / "backups";
    made.files = options_in(temp_ / into);
    return made;
  }
  /// Restores into a new folder and expects what the manifest says.
  void expect_restores(const BackupManifest& manifest, const std::string& into) {
    RestoreOptions made = restore_options(into);
    made.number = manifest.number;
    const Restored restored = storage::restore(made, no_report);
    EXPECT_EQ(restored.position, manifest.position);
    EXPECT_EQ(restored.checksum, manifest.checksum);
    LedgerWithWriter again(options_in(temp_ / into));
    EXPECT_EQ(again.checksum(), manifest.checksum);
    EXPECT_EQ(to_hex(again.files().journal().head_root()), manifest.root);
    EXPECT_EQ(again.files().keys().signing->current()->key_id(), manifest.key_id);
  }

  TempFolder temp_;
  Workload workload_{31};
  std::optional<LedgerWithWriter> ledger_;
};

TEST_F(BackupTest, restores_to_what_it_was) {
  const BackupManifest manifest = back_up();
  EXPECT_EQ(manifest.number, 1U);
  EXPECT_EQ(manifest.verification, Verification::passed);
  EXPECT_EQ(manifest.checksum, ledger_->checksum());
  EXPECT_EQ(manifest.position.value() + 1, ledger_->files().journal().next_position().value());
  EXPECT_TRUE(manifest.has_private_keys);
  const StateTotals before = ledger_->totals();
  ledger_.reset();
  fs::remove_all(temp_ / "data");
  expect_restores(manifest, "restored");
  EXPECT_EQ(LedgerWithWriter(options_in(temp_ / "restored")).totals(), before);
  EXPECT_FALSE(fs::exists(temp_ / "restored.partial"));
}

TEST_F(BackupTest, is_of_exactly_one_position_while_items_come) {
  BackupSource busy = source();
  // After the position has been noted and before the journal is copied.
  busy.wait_durable = [&](Position) { ledger_->commit_in_groups(workload_.take(200), 7); };
  const std::string checksum = ledger_->checksum();
  const BackupManifest manifest = storage::back_up(busy, options(), no_report);
  EXPECT_EQ(manifest.verification, Verification::passed) << manifest.reason;
  EXPECT_EQ(manifest.checksum, checksum);
  EXPECT_NE(ledger_->checksum(), checksum);
  expect_restores(manifest, "restored");
}

TEST_F(BackupTest, replays_what_came_after_the_hand_over) {
  BackupSource busy = source();
  const auto hand_over = busy.hand_over;
  busy.hand_over = [&] {
    hand_over();
    ledger_->commit_in_groups(workload_.take(90), 9);
  };
  const BackupManifest manifest = storage::back_up(busy, options(), no_report);
  EXPECT_EQ(manifest.verification, Verification::passed) << manifest.reason;
  EXPECT_EQ(manifest.checksum, ledger_->checksum());
  expect_restores(manifest, "restored");
}

TEST_F(BackupTest, goes_on_from_a_restored_ledger) {
  const BackupManifest manifest = back_up();
  const std::vector<ledger::Item> more = workload_.take(200);
  ledger_->commit_in_groups(more, 30);
  const std::string checksum = ledger_->checksum();
  expect_restores(manifest, "restored");
  ledger_.emplace(options_in(temp_ / "restored"));
  ledger_->commit_in_groups(more, 30);
  EXPECT_EQ(ledger_->checksum(), checksum);
  // A restored ledger may go on with the same backups.
  const BackupManifest next = back_up();
  EXPECT_EQ(next.verification, Verification::passed) << next.reason;
  expect_restores(next, "again");
  expect_restores(manifest, "first");
}

TEST_F(BackupTest, copies_only_what_is_new) {
  const BackupManifest first = back_up();
  ledger_->commit(workload_.take(5));
  const BackupManifest second = back_up();
  EXPECT_GE(first.new_bytes, first.bytes) << "nothing to share with";
  EXPECT_LT(second.new_bytes, first.new_bytes);
  EXPECT_GT(second.new_bytes, 0U);
  expect_restores(first, "one");
  expect_restores(second, "two");
}

TEST_F(BackupTest, restores_to_an_earlier_position) {
  // A ledger that has seen only the first groups, for each of some positions.
  Workload same(31);
  const std::vector<ledger::Item> items = same.take(600);
  const BackupManifest manifest = back_up();
  LedgerWithWriter growing(options_in(temp_ / "growing"));
  int restored_count = 0;
  for (std::size_t group = 0; group < 20; ++group) {
    const Position before = growing.files().journal().next_position();
    const auto first = items.begin() + static_cast<std::ptrdiff_t>(group * 30);
    if (group % 7 == 3) {
      RestoreOptions made = restore_options("at" + std::to_string(group));
      // The last position before this group, and one that lies within it.
      made.position = Position{before.value() - 1 + (group % 2)};
      const Restored restored = storage::restore(made, no_report);
      EXPECT_EQ(restored.position.value(), before.value() - 1);
      EXPECT_EQ(restored.checksum, growing.checksum());
      EXPECT_EQ(restored.replayed, before.value() - 1) << "the state was beyond";
      ++restored_count;
    }
    growing.commit({first, first + 30});
  }
  EXPECT_EQ(restored_count, 3);
  EXPECT_EQ(growing.checksum(), manifest.checksum);

  RestoreOptions beyond = restore_options("beyond");
  beyond.position = Position{manifest.position.value() + 1};
  EXPECT_NE(error_of([&] { storage::restore(beyond, no_report); }).find("ends at position"),
            std::string::npos);
  beyond.position = Position{1};
  EXPECT_NE(error_of([&] { storage::restore(beyond, no_report); }).find("no group"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(temp_ / "beyond"));
}

TEST_F(BackupTest, takes_an_empty_ledger) {
  ledger_.emplace(options_in(temp_ / "empty"));
  const BackupManifest manifest = back_up();
  EXPECT_EQ(manifest.verification, Verification::passed) << manifest.reason;
  EXPECT_EQ(manifest.position, Position{});
  expect_restores(manifest, "restored");
}

TEST_F(BackupTest, finds_a_damaged_file) {
  const BackupManifest good = back_up();
  for (const char* const name : {"journal/shared_checksum", "state/shared_checksum"}) {
    damage_largest(temp_ / "backups" / name);
    RestoreOptions made = restore_options("restored");
    EXPECT_NE(error_of([&] { storage::restore(made, no_report); }).find("checksum"),
              std::string::npos);
    EXPECT_FALSE(fs::exists(temp_ / "restored")) << "nothing half";
    EXPECT_FALSE(fs::exists(temp_ / "restored.partial"));
    // The next backup shares the file, and says so.
    const BackupManifest bad = back_up();
    EXPECT_EQ(bad.verification, Verification::failed);
    EXPECT_NE(bad.reason.find("checksum"), std::string::npos) << bad.reason;
    damage_largest(temp_ / "backups" / name);  // the byte is right again
  }
  expect_restores(good, "restored");
  EXPECT_EQ(storage::restore(restore_options("newest"), no_report).manifest.number, good.number)
      << "a failed backup is not the newest good one";
}

TEST_F(BackupTest, finds_a_manifest_of_something_else) {
  BackupManifest manifest = back_up();
  manifest.checksum[0] = manifest.checksum[0] == '0' ? '1' : '0';
  write_text(temp_ / "backups/backups/1/manifest.json", manifest.to_json());
  EXPECT_NE(error_of([&] {
              storage::restore(restore_options("restored"), no_report);
            }).find("not the one that the manifest describes"),
            std::string::npos);
}

TEST_F(BackupTest, goes_on_beside_a_manifest_that_cannot_be_read) {
  BackupOptions few = options();
  few.keep = 2;
  const auto make = [&] {
    ledger_->commit(workload_.take(20));
    return storage::back_up(source(), few, no_report);
  };
  const BackupManifest first = make();
  const BackupManifest second = make();
  const fs::path place = temp_ / "backups/backups/2/manifest.json";
  write_text(temp_ / "backups/backups/2-copy/manifest.json", second.to_json());
  for (const std::string& damage : {std::string("{}"), std::string(), first.to_json()}) {
    write_text(place, damage);
    const BackupList list = list_backups(temp_ / "backups");
    ASSERT_EQ(list.damaged.size(), 1U);
    EXPECT_EQ(list.damaged[0].number, 2U);
    EXPECT_NE(list.damaged[0].fault.find("2/manifest.json"), std::string::npos);
    ASSERT_EQ(list.manifests.size(), 1U);
    EXPECT_EQ(list.manifests[0].number, 1U);
  }
  const Restored older = storage::restore(restore_options("older"), no_report);
  EXPECT_EQ(older.checksum, first.checksum);
  ASSERT_EQ(older.passed_over.size(), 1U);
  RestoreOptions named = restore_options("named");
  named.number = 1;
  EXPECT_TRUE(storage::restore(named, no_report).passed_over.empty());
  named = restore_options("damaged");
  named.number = 2;
  EXPECT_NE(error_of([&] { storage::restore(named, no_report); }).find("2/manifest.json"),
            std::string::npos);

  for (const std::uint32_t number : {3U, 4U, 5U}) {
    const BackupManifest manifest = make();
    EXPECT_EQ(manifest.number, number) << "not the number of the damaged one again";
    EXPECT_EQ(manifest.verification, Verification::passed) << manifest.reason;
    ASSERT_EQ(manifest.findings.size(), 1U);
    EXPECT_NE(manifest.findings[0].find("2/manifest.json"), std::string::npos);
  }
  EXPECT_FALSE(fs::exists(temp_ / "backups/backups/1")) << "what can be read is deleted in turn";
  EXPECT_TRUE(storage::restore(restore_options("newest"), no_report).passed_over.empty());

  write_text(place, second.to_json());
  expect_restores(second, "second");
  EXPECT_TRUE(make().findings.empty());
  EXPECT_FALSE(fs::exists(place)) << "it is an old one like the others";
  EXPECT_TRUE(fs::exists(temp_ / "backups/backups/2-copy/manifest.json")) << "somebody's own";
  EXPECT_FALSE(fs::exists(temp_ / "backups/journal/private/2"));
}

TEST_F(BackupTest, refuses_a_second_restore_into_a_folder) {
  static_cast<void>(back_up());
  std::string error;
  const auto second = [&](std::string_view phase, std::string_view, std::uint64_t, std::uint64_t) {
    if (phase == "replay" && error.empty()) {
      error = error_of([&] { storage::restore(restore_options("restored"), no_report); });
    }
  };
  EXPECT_EQ(storage::restore(restore_options("restored"), second).checksum, ledger_->checksum());
  EXPECT_NE(error.find("another command is making"), std::string::npos) << error;
}

TEST_F(BackupTest, leaves_earlier_ones_whole_when_it_is_interrupted) {
  const BackupManifest first = back_up();
  for (const char* const phase :
       {"back up state", "back up journal", "restore journal", "replay", "check"}) {
    ledger_->commit_in_groups(workload_.take(60), 10);
    // As a service that stops: from then on every report ends the work.
    bool is_stopping = false;
    const auto interrupt = [&](std::string_view at, std::string_view, std::uint64_t,
                               std::uint64_t) {
      is_stopping = is_stopping || at == phase;
      if (is_stopping) throw std::runtime_error("the service is stopping");
    };
    EXPECT_EQ(error_of([&] { back_up(interrupt); }), "the service is stopping") << phase;
  }
  for (const BackupManifest& manifest : list_backups(temp_ / "backups").manifests) {
    EXPECT_NE(manifest.verification, Verification::failed) << "an interrupted one is not bad";
  }
  expect_restores(first, "first");
  const BackupManifest last = back_up();
  EXPECT_EQ(last.verification, Verification::passed) << last.reason;
  EXPECT_FALSE(fs::exists(temp_ / "backups/verification.partial"));
  for (const auto& entry : fs::directory_iterator(temp_ / "backups/backups")) {
    EXPECT_TRUE(fs::exists(entry.path() / "manifest.json")) << entry.path();
  }
}

TEST_F(BackupTest, keeps_the_newest) {
  BackupOptions few = options();
  few.keep = 2;
  for (int i = 0; i < 4; ++i) {
    ledger_->commit(workload_.take(20));
    EXPECT_EQ(storage::back_up(source(), few, no_report).number, static_cast<std::uint32_t>(i + 1));
  }
  const std::vector<BackupManifest> kept = list_backups(temp_ / "backups").manifests;
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].number, 3U);
  EXPECT_FALSE(fs::exists(temp_ / "backups/journal/private/2"));
  expect_restores(kept[0], "three");
  expect_restores(kept[1], "four");
}

TEST_F(BackupTest, leaves_private_keys_out_when_told) {
  BackupOptions bare = options();
  bare.has_private_keys = false;
  const BackupManifest manifest = storage::back_up(source(), bare, no_report);
  EXPECT_EQ(manifest.verification, Verification::passed) << manifest.reason;
  EXPECT_FALSE(fs::exists(temp_ / "backups/backups/1/keys/signing.pem"));
  EXPECT_FALSE(fs::exists(temp_ / "backups/backups/1/keys/master.key"));
  RestoreOptions made = restore_options("restored");
  EXPECT_NE(error_of([&] { storage::restore(made, no_report); }).find("--keys"), std::string::npos);
  { const LedgerWithWriter other(options_in(temp_ / "other")); }
  made.keys = temp_ / "other/keys";
  EXPECT_NE(error_of([&] { storage::restore(made, no_report); }).find("not those of the ledger"),
            std::string::npos);
  made.keys = temp_ / "data/keys";
  EXPECT_EQ(storage::restore(made, no_report).checksum, manifest.checksum);
}

TEST_F(BackupTest, keeps_keys_from_others) {
  static_cast<void>(back_up());
  static_cast<void>(storage::restore(restore_options("restored"), no_report));
  for (const char* const folder : {"backups", "backups/backups/1/keys", "restored/keys"}) {
    struct stat status {};
    ASSERT_EQ(::stat((temp_ / folder).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U) << folder;
  }
}

TEST_F(BackupTest, brings_statements_along) {
  make_statement(1, "a statement");
  static_cast<void>(back_up());
  make_statement(2, "a later statement");
  static_cast<void>(back_up());
  EXPECT_EQ(fs::hard_link_count(temp_ / "backups/backups/2/statements/2025-1/persons.csv"), 2U);
  const Restored restored = storage::restore(restore_options("restored"), no_report);
  EXPECT_TRUE(restored.faults.empty());
  EXPECT_EQ(read_file(temp_ / "restored/statements/2025-2/persons.csv"), "a later statement");
  EXPECT_EQ(read_file(temp_ / "restored/statements/2025-1/persons.csv"), "a statement");
}

TEST_F(BackupTest, names_a_statement_that_was_changed_and_leaves_it_out) {
  make_statement(1, "a statement");
  make_statement(2, "a later statement");
  EXPECT_TRUE(back_up().findings.empty());
  write_text(temp_ / "backups/backups/1/statements/2025-1/persons.csv", "another");
  const Restored restored = storage::restore(restore_options("restored"), no_report);
  ASSERT_EQ(restored.faults.size(), 1U);
  EXPECT_EQ(restored.faults[0].statement, "2025-1");
  EXPECT_NE(restored.faults[0].what.find("persons.csv"), std::string::npos)
      << restored.faults[0].what;
  EXPECT_FALSE(fs::exists(temp_ / "restored/statements/2025-1"));
  EXPECT_TRUE(fs::exists(temp_ / "restored/statements/2025-2/persons.csv"));

  write_text(temp_ / "data/statements/2025-2/persons.csv", "another");
  const BackupManifest manifest = back_up();
  EXPECT_EQ(manifest.verification, Verification::passed) << "everything else can be restored";
  ASSERT_EQ(manifest.findings.size(), 1U);
  EXPECT_NE(manifest.findings[0].find("2025-2"), std::string::npos) << manifest.findings[0];
  fs::remove_all(temp_ / "data/statements/2025-2");
  EXPECT_TRUE(back_up().findings.empty()) << "there is nothing to be kept";
}

TEST_F(BackupTest, refuses_folders_that_are_not_for_it) {
  const auto error_in = [&](const fs::path& folder) {
    BackupOptions made = options();
    made.to = folder;
    return error_of([&] { storage::back_up(source(), made, no_report); });
  };
  write_text(temp_ / "full/file", "something");
  EXPECT_NE(error_in(temp_ / "full").find("not empty"), std::string::npos);
  EXPECT_NE(error_in(temp_ / "full/file").find("not a folder"), std::string::npos);
  EXPECT_NE(error_in(temp_ / "data").find("data folder"), std::string::npos);
  EXPECT_NE(error_in(temp_ / "data/below").find("data folder"), std::string::npos);
  fs::create_directory_symlink(temp_ / "data", temp_ / "link");
  EXPECT_NE(error_in(temp_ / "link/below").find("data folder"), std::string::npos);
  write_text(temp_ / "begun/ledger.json.new", "");
  EXPECT_EQ(error_in(temp_ / "begun"), "") << "killed right after it began";
  static_cast<void>(back_up());
  ledger_.emplace(options_in(temp_ / "other"));
  EXPECT_NE(error_in(temp_ / "backups").find("another ledger"), std::string::npos);

  EXPECT_NE(
      error_of([&] { storage::restore(restore_options("full"), no_report); }).find("not empty"),
      std::string::npos);
  EXPECT_NE(error_of([&] {
              storage::restore(restore_options("backups/x"), no_report);
            }).find("folder of its backups"),
            std::string::npos);
  RestoreOptions nothing = restore_options("restored");
  nothing.from = temp_ / "full";
  EXPECT_NE(error_of([&] { storage::restore(nothing, no_report); }).find("no backups"),
            std::string::npos);
  nothing.from = temp_ / "backups";
  nothing.number = 9;
  EXPECT_NE(error_of([&] { storage::restore(nothing, no_report); }).find("no backup 9"),
            std::string::npos);
}

TEST_F(BackupTest, has_its_folder_for_itself) {
  static_cast<void>(back_up());
  std::string error;
  const auto second = [&](std::string_view phase, std::string_view, std::uint64_t, std::uint64_t) {
    if (phase == "back up state") error = error_of([&] { back_up(); });
  };
  static_cast<void>(back_up(second));
  EXPECT_NE(error.find("another backup or restore is at work"), std::string::npos);
}

TEST_F(BackupTest, restores_unverified_ones_only_by_number) {
  BackupOptions quick = options();
  quick.is_verified = false;
  const BackupManifest manifest = storage::back_up(source(), quick, no_report);
  EXPECT_EQ(manifest.verification, Verification::none);
  EXPECT_NE(error_of([&] {
              storage::restore(restore_options("restored"), no_report);
            }).find("no verified backup"),
            std::string::npos);
  expect_restores(manifest, "restored");
}

}  // namespace
}  // namespace storage::test
