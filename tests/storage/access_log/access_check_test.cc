#include "storage/access_log/access_check.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <functional>

#include "storage/access_log/access_families_internal.h"
#include "tests/storage/access_log/access_samples.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

constexpr std::uint64_t blocks = 5;
constexpr std::uint64_t each = 40;  // records of a block

/// A log of some blocks, and what becomes of its verdict when its files are changed.
class AccessCheckTest : public testing::Test {
 protected:
  AccessCheckTest() {
    for (std::uint64_t block = 0; block < blocks; ++block) {
      AccessLog log(options(), signing_, OpenMode::read_write);
      for (std::uint64_t i = 0; i < each; ++i) {
        EXPECT_TRUE(log.add(access_sample(static_cast<std::uint32_t>(i),
                                          static_cast<std::int64_t>(block * each + i))));
      }
    }
    for (std::uint64_t block = 0; block < blocks; ++block) {
      change(
          [&](AccessBlock& read) {
            heads_.push_back({read.node, read.number, read.hash});
          },
          block + 1);
    }
  }

  AccessLogOptions options() const {
    AccessLogOptions options;
    options.folder = temp_ / "access-log";
    return options;
  }
  Database database() const {
    return {options().folder.string(), journal_db_options(), access_log_families(1U << 20)};
  }
  static std::string key_of(std::uint64_t block) {
    return access_block_key(1 + (block - 1) * each);
  }

  /// Rewrites a block as somebody would who has the files and no key.
  void change(const std::function<void(AccessBlock&)>& how, std::uint64_t number) const {
    const Database files = database();
    std::string bytes;
    EXPECT_TRUE(files.db().Get({}, files.family(0), key_of(number), &bytes).ok());
    AccessBlock block = decode_access_block(bytes).value();
    how(block);
    EXPECT_TRUE(
        files.db().Put({}, files.family(0), key_of(number), encode_access_block(block)).ok());
  }
  void drop(std::uint64_t number) const {
    const Database files = database();
    EXPECT_TRUE(files.db().Delete({}, files.family(0), key_of(number)).ok());
  }
  AccessCheck check() const {
    return check_access_log(options().folder, {&signing_.current()->public_key(), 1}, heads_);
  }
  void expect_finding(std::string_view part) const {
    EXPECT_NE(check().finding.find(part), std::string::npos)
        << "'" << check().finding << "' lacks '" << part << "'";
  }

  const TempFolder temp_;
  SigningKeys signing_{SigningKey::generate()};
  std::vector<AccessHead> heads_;  // as the journal would name them
};

TEST_F(AccessCheckTest, finds_nothing_in_a_log_that_is_as_it_was) {
  const AccessCheck checked = check();
  EXPECT_EQ(checked.finding, "");
  EXPECT_EQ(checked.blocks, blocks);
  EXPECT_EQ(checked.records, blocks * each);
  EXPECT_EQ(checked.erased, 0U);
  EXPECT_EQ(checked.head.root, heads_.back().root);
}

TEST_F(AccessCheckTest, may_have_more_than_the_journal_names) {
  heads_.resize(2);
  EXPECT_EQ(check().finding, "");
  heads_.clear();
  EXPECT_EQ(check().finding, "");
}

TEST_F(AccessCheckTest, names_a_record_that_was_changed) {
  std::string changed;
  change(
      [&](AccessBlock& block) {
        changed = block.leaves[6].body;
        changed.back() = static_cast<char>(changed.back() ^ 1);
        block.leaves[6].body = changed;
      },
      3);
  expect_finding("record 87 in block 3");
}

TEST_F(AccessCheckTest, names_a_number_that_was_changed) {
  change(
      [](AccessBlock& block) { block.leaves[0].person.number = ledger::test::person_number(99); },
      2);
  expect_finding("record 41 in block 2");
}

TEST_F(AccessCheckTest, names_a_practitioner_who_was_changed) {
  change(
      [](AccessBlock& block) {
        block.leaves[3].practitioner.number = ledger::test::person_number(99);
      },
      2);
  expect_finding("record 44 in block 2");
}

TEST_F(AccessCheckTest, names_the_block_where_a_change_hides_itself) {
  change(
      [](AccessBlock& block) {
        block.leaves[6].person.number = ledger::test::person_number(99);
        block.leaves[6].check = check_of(hash_of(block.leaves[6], block.first + 6));
      },
      3);
  expect_finding("a record of block 3 (81 to 120)");
}

TEST_F(AccessCheckTest, names_a_record_that_was_dropped) {
  change([](AccessBlock& block) { block.leaves.erase(block.leaves.begin() + 10); }, 3);
  expect_finding("block 3 has a wrong signature");
  change([](AccessBlock& block) { block.leaves.insert(block.leaves.begin(), block.leaves[0]); }, 3);
  expect_finding("record 82 in block 3");
}

TEST_F(AccessCheckTest, names_a_block_that_was_dropped) {
  drop(3);
  expect_finding("block 3 is missing");
}

TEST_F(AccessCheckTest, names_a_first_block_that_was_dropped) {
  drop(1);
  expect_finding("block 1 is missing");
}

TEST_F(AccessCheckTest, sees_an_end_that_was_cut_off) {
  drop(5);
  expect_finding("cut off: the journal names block 5, and the last is 4");
  drop(4);
  expect_finding("cut off: the journal names block 5, and the last is 3");
}

TEST_F(AccessCheckTest, sees_a_log_that_is_gone) {
  std::filesystem::remove_all(options().folder);
  expect_finding("cut off: the journal names block 5, and the last is 0");
}

TEST_F(AccessCheckTest, sees_another_log_in_its_place) {
  std::filesystem::remove_all(options().folder);
  for (std::uint64_t block = 0; block < blocks; ++block) {
    AccessLog log(options(), signing_, OpenMode::read_write);
    EXPECT_TRUE(log.add(access_sample(1, 1)));
  }
  expect_finding("block 1 is not the one that the journal names");
}

TEST_F(AccessCheckTest, sees_another_key) {
  const PublicKey other = SigningKey::generate().public_key();
  const AccessCheck checked = check_access_log(options().folder, {&other, 1}, heads_);
  EXPECT_NE(checked.finding.find("block 1 is signed with the key"), std::string::npos)
      << checked.finding;
}

TEST_F(AccessCheckTest, counts_what_was_erased_and_finds_nothing) {
  change(
      [](AccessBlock& block) {
        block.leaves[3].person.erase();
        block.leaves[7].practitioner.erase();
      },
      2);
  const AccessCheck checked = check();
  EXPECT_EQ(checked.finding, "");
  EXPECT_EQ(checked.erased, 2U);
  EXPECT_EQ(checked.records, blocks * each);
}

}  // namespace
}  // namespace storage::test
