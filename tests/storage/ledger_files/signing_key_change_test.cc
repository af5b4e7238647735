#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "storage/files/files.h"
#include "storage/ledger_files/ledger_files.h"
#include "storage/ledger_files/verify.h"
#include "tests/storage/ledger_files/opening.h"
#include "tests/support/builders.h"

// Another key signs from the group on that follows the one which names it.

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::Position;

const ledger::Instant noon = ledger::test::instant("2025-11-01T12:00:00+01:00");

class SigningKeyChange : public testing::Test {
 protected:
  SigningKeyChange() { work(1); }

  fs::path data() const { return temp_ / "data"; }
  fs::path keys() const { return data() / "keys"; }
  void work(std::uint64_t seed) {
    LedgerWithWriter(options_in(data())).commit_in_groups(items_of(seed, 60), 20);
  }
  static ledger::Result<Position> append(LedgerFiles& files, ledger::Entry note) {
    return ingest::append_note(files.state(), files.journal(), files.rules(), files.are_rules_new(),
                               std::move(note), noon);
  }
  /// As a service that has found the key.
  static ledger::Result<Position> name(LedgerFiles& files, const SigningKey& next) {
    const auto signature =
        files.keys().signing->current()->sign(key_change_text(next.public_key()));
    return append(files, ledger::KeyEntry{{}, noon, next.public_key(), signature});
  }
  /// Makes a key that takes over.
  void change_key() {
    KeyRing::add_signing_key(keys(), "user root");
    LedgerFiles files(options_in(data()));
    const SigningKeys& signing = *files.keys().signing;
    const auto next = signing.next();
    ASSERT_NE(next, nullptr);
    ASSERT_TRUE(name(files, *next));
    EXPECT_EQ(signing.current(), next);
    EXPECT_EQ(signing.next(), nullptr);
  }
  VerifyReport verify() const {
    VerifyOptions options;
    options.folder = data();
    options.public_key = parse_public_key(read_file(keys() / "signing.pub"));
    return verify_journal(options);
  }
  /// The ids of the keys that have signed the records.
  std::set<std::string> signers() const {
    std::set<std::string> ids;
    OpenJournal journal(data());
    for (const std::string& key : journal.keys()) {
      ids.insert(decode_record(journal.get(key)).value().key_id);
    }
    return ids;
  }

  const TempFolder temp_;
};

TEST_F(SigningKeyChange, is_proven_by_the_first_key) {
  change_key();
  work(2);
  change_key();
  change_key();
  work(3);
  const VerifyReport report = verify();
  EXPECT_FALSE(report.finding) << report.finding->what;
  EXPECT_EQ(report.keys.size(), 4U);
  EXPECT_EQ(signers().size(), 4U);
}

TEST_F(SigningKeyChange, waits_for_the_journal_to_name_the_key) {
  KeyRing::add_signing_key(keys(), "user root");
  const std::string first = KeyRing::open(keys()).ledger_id();
  work(2);
  EXPECT_EQ(signers(), std::set<std::string>{first});
  const LedgerFiles files(options_in(data()));
  EXPECT_EQ(files.keys().signing->current()->key_id(), first);
}

TEST_F(SigningKeyChange, goes_on_with_the_key_of_then_where_the_journal_ends_before_it) {
  fs::copy(data() / "journal", temp_ / "before", fs::copy_options::recursive);
  change_key();
  work(2);
  fs::remove_all(data() / "journal");
  fs::remove_all(data() / "state");
  fs::rename(temp_ / "before", data() / "journal");
  work(3);
  EXPECT_FALSE(verify().finding);
  EXPECT_EQ(signers().size(), 1U);
}

TEST_F(SigningKeyChange, to_a_key_that_is_not_there_is_not_kept) {
  LedgerFiles files(options_in(data()));
  const Position next = files.journal().next_position();
  EXPECT_FALSE(name(files, SigningKey::generate()));
  EXPECT_EQ(files.journal().next_position(), next);
}

TEST_F(SigningKeyChange, wants_the_file_of_the_key_that_signs) {
  change_key();
  fs::remove(keys() / "signing-2.pem");
  expect_contains(error_of_opening(data()), "; remedy: --keys");
}

TEST_F(SigningKeyChange, leaves_the_files_of_the_keys_before_to_whoever_wants_them) {
  change_key();
  fs::remove(keys() / "signing.pem");
  work(2);
  EXPECT_FALSE(verify().finding);
}

TEST_F(SigningKeyChange, that_nobody_vouches_for_is_seen) {
  change_key();
  work(2);
  VerifyOptions options;
  options.folder = data();
  options.public_key = SigningKey::generate().public_key();
  EXPECT_TRUE(verify_journal(options).finding);
}

// ---- acts ----

TEST_F(SigningKeyChange, and_acts_are_kept_newest_first_also_when_the_state_is_made_again) {
  const auto acts_of = [this] {
    LedgerFiles files(options_in(data()));
    std::string text;
    for (const auto& act : files.state().newest_acts(2)) text += act.by + ' ' + act.of + '\n';
    return text;
  };
  {
    LedgerFiles files(options_in(data()));
    for (const char* const of : {"one", "two", "three"}) {
      ASSERT_TRUE(append(files, ledger::ActEntry{{}, noon, "user root", "backup", of}));
    }
    EXPECT_FALSE(append(files, ledger::ActEntry{{}, noon, "", "backup", ""})) << "by nobody";
  }
  EXPECT_EQ(acts_of(), "user root three\nuser root two\n");
  fs::remove_all(data() / "state");
  EXPECT_EQ(acts_of(), "user root three\nuser root two\n");
  EXPECT_FALSE(verify().finding);
}

}  // namespace
}  // namespace storage::test
