#include "storage/ledger_files/verify.h"

#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "ledger/records/rule_pack.h"
#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"
#include "storage/bytes/practice_names.h"
#include "storage/keys/keys.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"
#include "tests/storage/workload.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Position;

constexpr std::size_t group_size = 40;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every file with its bytes.
std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) files[file.path().string()] = text_of(file.path());
  }
  return files;
}

/// A closed ledger of 400 items in groups of 40, to be damaged.
class Verify : public ::testing::Test {
 protected:
  Verify() {
    LedgerWithWriter ledger(options_in(data()));
    ledger.commit_in_groups(Workload(21).take(400), group_size);
    const AppliedState head = ledger.files().state().head();
    end_ = {"statement 2025-1", head.last(), ledger.files().journal().head_root()};
  }

  fs::path data() const { return temp_ / "data"; }

  VerifyOptions options() const {
    VerifyOptions options;
    options.folder = data();
    options.public_key = parse_public_key(text_of(data() / "keys/signing.pub"));
    return options;
  }
  VerifyReport verify() const { return verify_journal(options()); }

  /// The key of record `index`, and its bytes.
  std::string key(std::size_t index) { return OpenJournal(data()).keys().at(index); }
  std::string record(std::size_t index) {
    const std::string where = key(index);
    return OpenJournal(data()).get(where);
  }
  Position position(std::size_t index) { return decode_journal_key(key(index)); }
  void put(std::size_t index, const std::string& bytes) {
    const std::string where = key(index);
    OpenJournal(data()).put(where, bytes);
  }
  void remove(std::size_t index) {
    const std::string where = key(index);
    OpenJournal(data()).remove(where);
  }

  /// Writes all records from `index` on anew: sealed and chained with `signing`, the first of them
  /// changed before. What somebody can do who holds the folder and a key.
  void seal_again(std::size_t index, const SigningKey& signing,
                  const std::function<void(ledger::CommitGroup&)>& change) {
    OpenJournal journal(data());
    const std::vector<std::string> keys = journal.keys();
    std::optional<Digest> previous_root;
    PracticeNames practices;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string bytes = journal.get(keys[i]);
      JournalRecord decoded = decode_record(bytes).value();
      for (ledger::Entry& entry : decoded.group.entries) practices.complete(entry);
      if (i < index) continue;
      if (i == index) change(decoded.group);
      EncodedContent encoded =
          encode_content(decoded.group, previous_root.value_or(decoded.previous_root), {});
      std::string& changed = encoded.bytes;
      std::vector<Digest> leaves = encoded.leaves;
      leaves.insert(leaves.end(), decoded.leaves.begin(), decoded.leaves.end());
      ledger::Seal seal;
      seal.root = MerkleTree(leaves).root();
      seal.key_id = signing.key_id();
      seal.signature = signing.sign(seal.root);
      append_seal(changed, decoded.leaves, seal);
      journal.put(keys[i], changed);
      previous_root = seal.root;
    }
  }
  SigningKey own_key() const { return SigningKey::from_pem(text_of(data() / "keys/signing.pem")); }

  static void expect_finding(const VerifyReport& report, Position position,
                             const std::string& what) {
    ASSERT_TRUE(report.finding.has_value()) << "nothing is found, but: " << what;
    EXPECT_EQ(report.finding->position, position) << report.finding->what;
    const std::string begin = "record at 0-" + std::to_string(position.value()) + ": ";
    EXPECT_EQ(report.finding->what.substr(0, begin.size()), begin);
    EXPECT_NE(report.finding->what.find(what), std::string::npos) << report.finding->what;
  }

  TempFolder temp_;
  KnownEnd end_;  // of the undamaged journal
};

TEST_F(Verify, finds_nothing_and_changes_nothing) {
  VerifyOptions wanted = options();
  wanted.known_ends = {end_};
  std::uint64_t seen = 0;
  wanted.on_progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(done, ++seen);
    EXPECT_EQ(total, 10U);
  };
  const auto before = files_in(data());
  const VerifyReport report = verify_journal(wanted);
  EXPECT_EQ(files_in(data()), before);
  EXPECT_FALSE(report.finding) << report.finding->what;
  EXPECT_EQ(seen, 10U);
  EXPECT_EQ(report.records, 10U);
  EXPECT_EQ(report.first, Position{1});
  EXPECT_EQ(report.last, end_.position);
  EXPECT_EQ(report.entries + report.records, end_.position.value());
  EXPECT_EQ(report.root, end_.root);
  EXPECT_EQ(report.state_position, end_.position);
}

TEST_F(Verify, needs_no_private_key) {
  fs::remove(data() / "keys/signing.pem");
  fs::remove(data() / "keys/master.key");
  fs::remove(data() / "keys/numbers.key");
  EXPECT_FALSE(verify().finding);
}

TEST_F(Verify, works_while_the_ledger_is_open_and_grows) {
  LedgerWithWriter ledger(options_in(data(), 50));
  for (std::uint32_t guid = 900'000; guid < 900'010; ++guid) {
    ledger.commit(std::vector<ledger::Item>{ledger::test::a_copayment().guid(guid)});
    const VerifyReport report = verify();
    EXPECT_FALSE(report.finding) << report.finding->what;
    EXPECT_EQ(report.root, ledger.files().journal().head_root());
  }
}

TEST_F(Verify, says_that_there_is_no_journal) {
  VerifyOptions wanted = options();
  wanted.folder = temp_ / "nothing";
  const std::string error = error_of([&] { verify_journal(wanted); });
  EXPECT_NE(error.find("there is no journal"), std::string::npos) << error;
}

TEST_F(Verify, names_a_changed_amount) {
  const std::string bytes = record(4);
  JournalRecord decoded = decode_record(bytes).value();
  for (ledger::Entry& any : decoded.group.entries) {
    ledger::ItemEntry& entry = *item_of(any);
    if (entry.item.type != ledger::ItemType::copayment) continue;
    entry.item.amount += ledger::Money::from_ore(1);
    break;
  }
  std::string changed = encode_content(decoded.group, decoded.previous_root, {}).bytes;
  ASSERT_NE(changed, decoded.content);
  changed += bytes.substr(decoded.content.size());
  put(4, changed);
  const VerifyReport report = verify();
  expect_finding(report, position(4), "changed after it was sealed");
  EXPECT_EQ(report.records, 4U);
}

TEST_F(Verify, names_a_record_in_which_any_byte_is_changed) {
  OpenJournal journal(data());
  const std::string where = journal.keys().at(5);
  const std::string bytes = journal.get(where);
  for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 40) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    journal.put(where, changed);
    expect_finding(verify(), decode_journal_key(where), "");
  }
  journal.put(where, bytes);
  EXPECT_FALSE(verify().finding);
}

TEST_F(Verify, names_a_changed_leaf_root_and_signature) {
  const std::string bytes = record(5);
  const std::size_t signature = bytes.size() - 64;
  const std::size_t root = signature - 17 - 32;  // before the length and text of the key id
  const std::map<std::size_t, std::string> damage{
      {root - 1, "changed after it was sealed"},
      {root, "changed after it was sealed"},
      {signature - 1, "signed with another key"},
      {signature, "signature does not fit"},
  };
  for (const auto& [at, what] : damage) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    put(5, changed);
    expect_finding(verify(), position(5), what);
  }
}

TEST_F(Verify, names_a_record_that_was_cut_short) {
  put(9, record(9).substr(0, 500));
  expect_finding(verify(), position(9), "does not decode");
}

TEST_F(Verify, names_the_first_of_two_swapped_records) {
  const std::string third = record(3);
  put(3, record(6));
  put(6, third);
  expect_finding(verify(), position(3),
                 "its content says 0-" + std::to_string(position(6).value()));
}

TEST_F(Verify, names_a_missing_record) {
  const Position missing = position(3);
  const Position next = position(4);
  remove(3);
  expect_finding(verify(), missing,
                 "is missing: the next one is at 0-" + std::to_string(next.value()));
}

TEST_F(Verify, names_a_missing_first_record) {
  remove(0);
  expect_finding(verify(), Position{1}, "is missing");
}

TEST_F(Verify, sees_by_the_state_that_the_end_was_cut_off) {
  const Position missing = position(9);
  remove(9);
  expect_finding(verify(), missing,
                 "the journal ends at 0-" + std::to_string(missing.value() - 1) +
                     ", but the state has applied it up to 0-" +
                     std::to_string(end_.position.value()));
}

TEST_F(Verify, sees_by_a_statement_that_the_end_was_cut_off) {
  const Position missing = position(9);
  remove(9);
  fs::remove_all(data() / "state");
  VerifyOptions wanted = options();
  EXPECT_FALSE(verify_journal(wanted).finding) << "nothing is left that could tell";
  EXPECT_FALSE(verify_journal(wanted).state_position);
  wanted.known_ends = {end_};
  expect_finding(verify_journal(wanted), missing,
                 "but statement 2025-1 knows it up to 0-" + std::to_string(end_.position.value()));
}

TEST_F(Verify, sees_that_everything_was_removed) {
  for (std::size_t i = 0; i < 10; ++i) remove(0);
  expect_finding(verify(), Position{1}, "is missing: the journal ends at 0-0");
}

TEST_F(Verify, sees_a_journal_that_was_sealed_again_with_another_key) {
  const SigningKey other = SigningKey::generate();
  const VerifyOptions of_the_auditor = options();
  seal_again(0, other, [](ledger::CommitGroup&) {});
  expect_finding(verify(), Position{1}, "is signed with another key: " + other.key_id());
  // Whoever could do that could change the key in the folder as well, but not the auditor's.
  std::ofstream(data() / "keys/signing.pub") << to_hex(other.public_key()) << "\n";
  EXPECT_FALSE(verify().finding);
  expect_finding(verify_journal(of_the_auditor), Position{1}, "is signed with another key");
}

TEST_F(Verify, sees_another_signature_under_the_name_of_the_key) {
  const std::string bytes = record(2);
  const JournalRecord decoded = decode_record(bytes).value();
  const auto signature = SigningKey::generate().sign(decoded.root);
  const std::string text(reinterpret_cast<const char*>(signature.data()), signature.size());
  put(2, bytes.substr(0, bytes.size() - 64) + text);
  expect_finding(verify(), position(2), "signature does not fit");
}

TEST_F(Verify, sees_by_a_statement_that_history_was_rewritten_with_the_right_key) {
  seal_again(6, own_key(), [](ledger::CommitGroup& group) { ++group.committed_at.seconds; });
  EXPECT_FALSE(verify().finding) << "the chain is whole, only another one";
  VerifyOptions wanted = options();
  wanted.known_ends = {end_};
  expect_finding(verify_journal(wanted), position(9), "the journal was replaced");
  // A position at which no record ends is not in the chain either.
  wanted.known_ends = {{"statement 2025-2", Position{position(3).value() + 1}, end_.root}};
  expect_finding(verify_journal(wanted), position(3), "statement 2025-2");
}

TEST_F(Verify, sees_a_record_that_continues_another_history) {
  // Sealed again up to the sixth: from there on the old records follow.
  const std::string sixth = record(6);
  seal_again(5, own_key(), [](ledger::CommitGroup& group) { ++group.committed_at.seconds; });
  put(6, sixth);
  expect_finding(verify(), position(6), "does not follow the record before it");
}

TEST_F(Verify, sees_what_no_ledger_writes_though_it_is_signed) {
  using Change = std::function<void(ledger::CommitGroup&)>;
  const std::map<std::string, Change> changes{
      {"names a person out of turn",
       [](ledger::CommitGroup& group) {
         item_of(group.entries.front())->person = ledger::PersonId{1'000'000};
       }},
      {"names a practice out of turn",
       [](ledger::CommitGroup& group) {
         item_of(group.entries.front())->practice = ledger::PracticeNumber{1'000'000};
       }},
      {"does not decode",
       [](ledger::CommitGroup& group) {
         item_of(group.entries.front())->previous = position_of(group.entries.front());
       }},
      {"under rules that the journal does not hold",
       [](ledger::CommitGroup& group) { group.rule_pack[0] ^= 1; }},
  };
  std::vector<std::string> records;
  for (std::size_t i = 0; i < 10; ++i) records.push_back(record(i));
  for (const auto& [what, change] : changes) {
    seal_again(7, own_key(), change);
    expect_finding(verify(), position(7), what);
    for (std::size_t i = 0; i < 10; ++i) put(i, records[i]);
  }
  EXPECT_FALSE(verify().finding);
  seal_again(0, own_key(), [](ledger::CommitGroup& group) {
    group.new_rules->begin()->second.amount += ledger::Money::from_ore(1);
  });
  expect_finding(verify(), Position{1}, "under rules that the journal does not hold");
}

TEST_F(Verify, names_the_record_at_a_flipped_byte_of_a_file) {
  LedgerWithWriter(options_in(data())).commit_in_groups(Workload(22).take(6000), 400);
  OpenJournal(data()).flush();
  fs::path file;
  for (const auto& found : fs::directory_iterator(data() / "journal")) {
    if (found.path().extension() == ".sst" && fs::file_size(found) > 50'000) file = found.path();
  }
  ASSERT_FALSE(file.empty());
  EXPECT_FALSE(verify().finding);
  const std::uintmax_t size = fs::file_size(file) - 53;  // the footer has bytes without meaning
  std::set<std::uint64_t> positions;
  for (std::uintmax_t at = 5; at < size; at += size / 40) {
    flip_byte(file, at);
    const VerifyReport report = verify();
    ASSERT_TRUE(report.finding) << "byte " << at << " of " << size;
    expect_finding(report, Position{report.last.value() + 1}, "cannot be read");
    // Later in the file is later in the journal, but for the index and footer at its end.
    const std::uint64_t position = report.finding->position.value();
    if (at < size * 9 / 10 && !positions.empty()) {
      EXPECT_GE(position, *positions.rbegin());
    }
    positions.insert(position);
    flip_byte(file, at);
  }
  EXPECT_GT(positions.size(), 5U) << "one for each block";
  EXPECT_FALSE(verify().finding);
}

TEST_F(Verify, names_the_record_at_a_missing_file) {
  OpenJournal(data()).flush();
  for (const auto& found : fs::directory_iterator(data() / "journal")) {
    if (found.path().extension() == ".sst") fs::remove(found.path());
  }
  expect_finding(verify(), Position{1}, "No such file");
}

TEST_F(Verify, says_what_is_wrong_when_no_record_can_be_reached) {
  for (const auto& found : fs::directory_iterator(data() / "journal")) {
    if (found.path().filename().string().starts_with("MANIFEST")) flip_byte(found.path(), 20);
  }
  const VerifyReport report = verify();
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->position, Position());
  EXPECT_NE(report.finding->what.find("cannot open the database"), std::string::npos)
      << report.finding->what;
}

TEST_F(Verify, names_the_record_at_a_flipped_byte_of_the_log) {
  const fs::path log = journal_wal(data());
  const std::uintmax_t size = fs::file_size(log);
  std::uint64_t before = 0;
  for (const std::uintmax_t at : {size / 6, size / 2, size - 10}) {
    flip_byte(log, at);
    const VerifyReport report = verify();
    expect_finding(report, Position{report.last.value() + 1}, "checksum mismatch");
    EXPECT_GT(report.finding->position.value(), before);
    before = report.finding->position.value();
    flip_byte(log, at);
  }
  EXPECT_FALSE(verify().finding);
}

}  // namespace
}  // namespace storage::test
