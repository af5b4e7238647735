#include "storage/journal/access_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "storage/journal/rocksdb_journal.h"
#include "tests/storage/no_room.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace storage::test {
namespace {

AccessRecord record_of(std::uint32_t caller, std::int64_t number) {
  AccessRecord record;
  record.time = {1'760'000'000 + number, number % 2 == 0 ? 0 : 5'000'000};
  record.reason = static_cast<AccessReason>(1 + number % 3);
  record.person = ledger::test::person_number(caller);
  record.caller = "practice " + std::to_string(caller);
  record.correlation_id = std::to_string(number);
  record.subject = number % 5 == 0 ? "" : "LE 2025-03-01";
  if (number % 3 != 0) record.exempt = number % 3 == 1;
  return record;
}

void expect_same(const AccessRecord& actual, const AccessRecord& expected) {
  EXPECT_EQ(actual.time, expected.time);
  EXPECT_EQ(actual.reason, expected.reason);
  EXPECT_EQ(actual.person, expected.person);
  EXPECT_EQ(actual.caller, expected.caller);
  EXPECT_EQ(actual.correlation_id, expected.correlation_id);
  EXPECT_EQ(actual.subject, expected.subject);
  EXPECT_EQ(actual.exempt, expected.exempt);
}

class AccessLogTest : public testing::Test {
 protected:
  RocksDbJournal open() const { return {temp_.path() / "journal", signing_}; }
  RocksDbJournal open(OpenMode mode, const std::shared_ptr<AccessLogBuffer>& buffer,
                      const NoteFault& note_fault = {}) const {
    return {temp_.path() / "journal", signing_, {{}, buffer}, mode, note_fault};
  }
  /// A log on a full disk until its write of this record has failed.
  void fail_to_write(const AccessRecord& record, const std::shared_ptr<AccessLogBuffer>& buffer) {
    std::promise<Fault> noted;
    std::once_flag once;
    RocksDbJournal journal = open(OpenMode::read_write, buffer, [&](const Fault& fault) {
      std::call_once(once, [&] { noted.set_value(fault); });
    });
    const NoRoom no_room;
    EXPECT_TRUE(journal.access_log().add(record));
    const Fault fault = noted.get_future().get();
    EXPECT_EQ(fault.kind, FaultKind::unwritable);
    EXPECT_NE(fault.reason.find("the journal cannot be written"), std::string::npos)
        << fault.reason;
  }
  std::vector<AccessRecord> read_all() const { return open().access_log().read_all().value(); }

  TempFolder temp_;
  SigningKey signing_ = SigningKey::generate();
};

TEST_F(AccessLogTest, keeps_every_record_of_every_thread_in_its_order) {
  constexpr std::int64_t each = 500;
  {
    RocksDbJournal journal = open();
    std::vector<std::thread> threads;
    for (std::uint32_t caller = 1; caller <= 4; ++caller) {
      threads.emplace_back([&, caller] {
        for (std::int64_t i = 0; i < each; ++i) {
          EXPECT_TRUE(journal.access_log().add(record_of(caller, i)));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  RocksDbJournal journal = open();
  const auto records = journal.access_log().read_all();
  ASSERT_TRUE(records);
  ASSERT_EQ(records.value().size(), 4U * each);
  std::map<std::string, std::int64_t> next;
  for (const AccessRecord& record : records.value()) {
    const auto caller = static_cast<std::uint32_t>(record.caller.back() - '0');
    expect_same(record, record_of(caller, next[record.caller]++));
  }
}

TEST_F(AccessLogTest, writes_within_a_second) {
  RocksDbJournal journal = open();
  ASSERT_TRUE(journal.access_log().add(record_of(1, 1)));
  const auto begin = std::chrono::steady_clock::now();
  std::size_t written = 0;
  // Ten seconds only so that a machine under load does not fail the test for a stall of its own.
  while (written == 0 && std::chrono::steady_clock::now() - begin < std::chrono::seconds{10}) {
    written = journal.access_log().read_all().value().size();
    std::this_thread::yield();
  }
  EXPECT_EQ(written, 1U);
}

TEST_F(AccessLogTest, goes_on_behind_the_older_records) {
  for (std::int64_t run = 0; run < 3; ++run) {
    RocksDbJournal journal = open();
    ASSERT_TRUE(journal.access_log().add(record_of(1, run)));
  }
  RocksDbJournal journal = open();
  const auto records = journal.access_log().read_all();
  ASSERT_EQ(records.value().size(), 3U);
  for (std::int64_t run = 0; run < 3; ++run) {
    expect_same(records.value()[static_cast<std::size_t>(run)], record_of(1, run));
  }
}

TEST_F(AccessLogTest, refuses_what_it_cannot_hold_instead_of_growing) {
  RocksDbJournal journal = open();
  AccessRecord large = record_of(1, 1);
  large.subject.assign(1U << 20, 'x');
  bool is_refused = false;
  for (int i = 0; i < 400 && !is_refused; ++i) {
    const auto added = journal.access_log().add(large);
    if (added) continue;
    EXPECT_EQ(added.error(), ledger::make_error_code(ledger::Errc::overloaded));
    is_refused = true;
  }
  EXPECT_TRUE(is_refused);
}

TEST_F(AccessLogTest, writes_later_what_could_not_be_written) {
  const auto buffer = std::make_shared<AccessLogBuffer>();
  { EXPECT_TRUE(open(OpenMode::read_write, buffer).access_log().add(record_of(1, 0))); }
  fail_to_write(record_of(1, 1), buffer);
  EXPECT_EQ(buffer->size(), 1U);
  {
    RocksDbJournal journal = open(OpenMode::read_only, buffer);
    EXPECT_TRUE(journal.access_log().add(record_of(1, 2)));
  }
  EXPECT_EQ(buffer->size(), 2U);
  { RocksDbJournal journal = open(OpenMode::read_write, buffer); }
  EXPECT_EQ(buffer->size(), 0U);
  const std::vector<AccessRecord> records = read_all();
  ASSERT_EQ(records.size(), 3U);
  for (std::int64_t i = 0; i < 3; ++i) {
    expect_same(records[static_cast<std::size_t>(i)], record_of(1, i));
  }
}

TEST_F(AccessLogTest, does_not_double_what_was_written_although_it_failed) {
  const auto buffer = std::make_shared<AccessLogBuffer>();
  fail_to_write(record_of(1, 0), buffer);
  // The row is there after all.
  { EXPECT_TRUE(open().access_log().add(record_of(1, 0))); }
  {
    RocksDbJournal journal = open(OpenMode::read_write, buffer);
    EXPECT_TRUE(journal.access_log().add(record_of(1, 1)));
  }
  const std::vector<AccessRecord> records = read_all();
  ASSERT_EQ(records.size(), 2U);
  expect_same(records[0], record_of(1, 0));
  expect_same(records[1], record_of(1, 1));
}

}  // namespace
}  // namespace storage::test
