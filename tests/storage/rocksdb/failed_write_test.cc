#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/journal/access_log.h"
#include "storage/journal/rocksdb_journal.h"
#include "tests/crash/log_fs.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace storage::test {
namespace {

AccessRecord a_query() {
  AccessRecord record;
  record.person = ledger::test::person_number(7);
  record.caller = "practice";
  return record;
}

/// The journal with its access log, whose next write finds the disk full.
class FailedWriteTest : public testing::Test {
 protected:
  void open() {
    journal_.reset();
    disk_->on_append = [this] {
      return is_full_.exchange(false) ? rocksdb::IOStatus::NoSpace("full")
                                      : rocksdb::IOStatus::OK();
    };
    JournalOptions options;
    options.env = env_.get();
    options.access_log_buffer = buffer_;
    journal_ = std::make_unique<RocksDbJournal>(temp_ / "journal", signing_, options,
                                                OpenMode::read_write, [this](const Fault& fault) {
                                                  EXPECT_EQ(fault.kind, FaultKind::unwritable);
                                                  is_noted_ = true;
                                                });
  }
  ledger::Result<std::vector<ledger::Seal>> append() {
    ledger::CommitGroup group;
    group.position = journal_->next_position();
    group.committed_at = ledger::first_instant;
    const ledger::AnsweredGroup answered{group, {}};
    return journal_->append({&answered, 1});
  }
  void wait_for_fault() {
    while (!is_noted_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }

  const TempFolder temp_;
  const SigningKey signing_ = SigningKey::generate();
  const std::shared_ptr<crash::LogFs> disk_ = std::make_shared<crash::LogFs>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  const std::shared_ptr<AccessLogBuffer> buffer_ = std::make_shared<AccessLogBuffer>();
  std::atomic<bool> is_full_{false};  // for one write
  std::atomic<bool> is_noted_{false};
  std::unique_ptr<RocksDbJournal> journal_;
};

/// Long enough for RocksDB to find the room, and for some rounds of the access log.
constexpr std::chrono::milliseconds a_while{700};

TEST_F(FailedWriteTest, of_the_access_log_ends_all_writing_until_the_journal_is_opened_again) {
  open();
  ASSERT_TRUE(append());
  is_full_ = true;
  ASSERT_TRUE(journal_->access_log().add(a_query()));
  wait_for_fault();
  std::this_thread::sleep_for(a_while);
  EXPECT_FALSE(append());
  EXPECT_EQ(buffer_->size(), 1U) << "it waits for the next opening";
  open();
  EXPECT_TRUE(append());
  journal_.reset();
  open();
  EXPECT_EQ(buffer_->size(), 0U);
  EXPECT_EQ(journal_->access_log().read_all().value().size(), 1U);
}

TEST_F(FailedWriteTest, of_a_group_ends_all_writing_until_the_journal_is_opened_again) {
  open();
  is_full_ = true;
  EXPECT_FALSE(append());
  ASSERT_TRUE(journal_->access_log().add(a_query()));
  std::this_thread::sleep_for(a_while);
  EXPECT_FALSE(append());
  EXPECT_EQ(buffer_->size(), 1U);
  open();
  EXPECT_TRUE(append());
}

}  // namespace
}  // namespace storage::test
