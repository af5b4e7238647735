#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/access_log/access_log.h"
#include "storage/journal/rocksdb_journal.h"
#include "tests/crash/log_fs.h"
#include "tests/storage/access_log/access_samples.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

/// The journal and the access log, whose next write finds the disk full.
class FailedWriteTest : public testing::Test {
 protected:
  void open() {
    journal_.reset();
    log_.reset();
    disk_->on_append = [this] {
      return is_full_.exchange(false) ? rocksdb::IOStatus::NoSpace("full")
                                      : rocksdb::IOStatus::OK();
    };
    JournalOptions options;
    options.env = env_.get();
    const auto note = [this](const Fault& fault) {
      EXPECT_EQ(fault.kind, FaultKind::unwritable);
      is_noted_ = true;
    };
    journal_ = std::make_unique<RocksDbJournal>(temp_ / "journal", signing_, options,
                                                OpenMode::read_write, note);
    AccessLogOptions log_options;
    log_options.folder = temp_ / "access-log";
    log_options.env = env_.get();
    log_options.buffer = buffer_;
    log_ = std::make_unique<AccessLog>(log_options, signing_, OpenMode::read_write, note);
  }
  ledger::Result<std::vector<ledger::Seal>> append() {
    ledger::CommitGroup group;
    group.position = journal_->next_position();
    group.committed_at = ledger::first_instant;
    const ledger::AnsweredGroup answered{group, {}};
    return append_and_wait(*journal_, {&answered, 1});
  }
  void wait_for_fault() {
    while (!is_noted_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }

  const TempFolder temp_;
  SigningKeys signing_{SigningKey::generate()};
  const std::shared_ptr<crash::LogFs> disk_ = std::make_shared<crash::LogFs>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  const std::shared_ptr<AccessLogBuffer> buffer_ = std::make_shared<AccessLogBuffer>();
  std::atomic<bool> is_full_{false};  // for one write
  std::atomic<bool> is_noted_{false};
  std::unique_ptr<RocksDbJournal> journal_;
  std::unique_ptr<AccessLog> log_;
};

/// Long enough for RocksDB to find the room, and for some rounds of the access log.
constexpr std::chrono::milliseconds a_while{700};

TEST_F(FailedWriteTest, of_the_access_log_ends_its_writing_until_it_is_opened_again) {
  open();
  is_full_ = true;
  ASSERT_TRUE(log_->add(access_sample(7, 1)));
  wait_for_fault();
  std::this_thread::sleep_for(a_while);
  EXPECT_EQ(buffer_->size(), 1U) << "it waits for the next opening";
  EXPECT_TRUE(append()) << "the journal is another database";
  open();
  log_.reset();
  open();
  EXPECT_EQ(buffer_->size(), 0U);
  EXPECT_EQ(log_->read_all().value().size(), 1U);
}

TEST_F(FailedWriteTest, of_a_group_ends_all_writing_until_the_journal_is_opened_again) {
  open();
  is_full_ = true;
  EXPECT_FALSE(append());
  std::this_thread::sleep_for(a_while);
  EXPECT_FALSE(append());
  open();
  EXPECT_TRUE(append());
}

}  // namespace
}  // namespace storage::test
