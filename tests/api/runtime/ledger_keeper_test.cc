#include "api/runtime/ledger_keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "tests/crash/log_fs.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace api::test {
namespace {

using ledger::Errc;
using ledger::make_error_code;
using storage::FaultKind;
using SubmissionPtr = std::unique_ptr<ingest::Submission>;

SubmissionPtr submission_of(std::uint32_t guid) {
  auto submission = std::make_unique<ingest::Submission>();
  ingest::ParsedItem& parsed = submission->items.emplace_back();
  parsed.item = ledger::test::a_copayment().guid(guid).of_person(guid);
  parsed.has_guid = true;
  return submission;
}

class LedgerKeeperTest : public testing::Test {
 protected:
  /// Opens the ledger; `deliver` gets what is answered before the test does.
  void open(const std::function<void()>& deliver = [] {}) {
    storage::LedgerOptions options;
    options.folder = temp_.path();
    options.journal.env = env_.get();
    keeper_ = std::make_unique<LedgerKeeper>(
        options,
        LedgerKeeper::Listeners{[this, deliver](std::vector<SubmissionPtr> submissions) {
                                  deliver();
                                  const std::lock_guard lock(mutex_);
                                  for (SubmissionPtr& submission : submissions) {
                                    answered_.push_back(std::move(submission));
                                  }
                                  changed_.notify_all();
                                },
                                [] {}},
        ingest::Ingestor::Options(), jobs_);
  }
  boost::system::error_code submit(std::uint32_t guid) {
    SubmissionPtr submission = submission_of(guid);
    const auto taken = keeper_->submit(submission);
    EXPECT_EQ(submission == nullptr, taken.has_value()) << "taken, or left with the caller";
    return taken ? boost::system::error_code() : taken.error();
  }
  SubmissionPtr next_answer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !answered_.empty(); });
    SubmissionPtr answer = std::move(answered_.front());
    answered_.erase(answered_.begin());
    return answer;
  }
  void wait_until_recovered(std::uint64_t recoveries) {
    while (keeper_->recoveries() < recoveries || !keeper_->trouble().empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
  void expect_outcome(std::uint32_t guid, ledger::Disposition disposition) {
    ASSERT_EQ(submit(guid), boost::system::error_code());
    const SubmissionPtr answer = next_answer();
    ASSERT_EQ(answer->error, boost::system::error_code());
    EXPECT_EQ(answer->outcomes.front().disposition, disposition);
  }

  const storage::test::TempFolder temp_;
  const std::shared_ptr<crash::LogFs> files_ = std::make_shared<crash::LogFs>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SubmissionPtr> answered_;
  Jobs jobs_;
  std::unique_ptr<LedgerKeeper> keeper_;  // last: it answers until it is gone
};

TEST_F(LedgerKeeperTest, takes_nothing_from_the_moment_that_a_fault_is_noted) {
  open();
  expect_outcome(1, ledger::Disposition::accepted);
  EXPECT_TRUE(keeper_->check("", 1));
  keeper_->note({FaultKind::journal_damaged, "the journal is damaged"});
  EXPECT_EQ(submit(2), make_error_code(Errc::store_unavailable));
  EXPECT_EQ(keeper_->check("", 1).error(), make_error_code(Errc::store_unavailable));
  EXPECT_EQ(keeper_->trouble(), "the journal is damaged");
}

TEST_F(LedgerKeeperTest, acknowledges_nothing_that_was_on_its_way_when_a_fault_was_noted) {
  std::atomic<bool> is_armed{false};
  files_->on_sync = [&] {
    if (is_armed.exchange(false)) keeper_->note({FaultKind::unwritable, "another file failed"});
  };
  open();
  expect_outcome(1, ledger::Disposition::accepted);
  // The item has been taken and decided, and its group is being synced.
  is_armed = true;
  ASSERT_EQ(submit(2), boost::system::error_code());
  EXPECT_EQ(next_answer()->error, make_error_code(Errc::store_unavailable));
  wait_until_recovered(1);
  expect_outcome(2, ledger::Disposition::duplicate);
  expect_outcome(3, ledger::Disposition::accepted);
  keeper_.reset();
}

TEST_F(LedgerKeeperTest, opens_the_ledger_again_after_a_thread_has_thrown) {
  std::atomic<bool> is_armed{true};
  open([&] {
    if (is_armed.exchange(false)) throw std::bad_alloc();
  });
  // Nobody is left who could be answered: what was to be delivered is lost with the exception.
  ASSERT_EQ(submit(1), boost::system::error_code());
  wait_until_recovered(1);
  expect_outcome(1, ledger::Disposition::duplicate);
  expect_outcome(2, ledger::Disposition::accepted);
  keeper_.reset();
}

TEST_F(LedgerKeeperTest, makes_a_state_anew_that_somebody_has_removed) {
  open();
  expect_outcome(1, ledger::Disposition::accepted);
  std::filesystem::remove_all(temp_ / "state");
  keeper_->note({FaultKind::state_damaged, "the state is damaged"});
  wait_until_recovered(1);
  expect_outcome(1, ledger::Disposition::duplicate);
  expect_outcome(2, ledger::Disposition::accepted);
  keeper_.reset();
}

}  // namespace
}  // namespace api::test
