#include "storage/access_log/access_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <map>
#include <thread>

#include "storage/access_log/access_check.h"
#include "tests/storage/access_log/access_samples.h"
#include "tests/storage/no_room.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

constexpr std::uint64_t newest = std::numeric_limits<std::uint64_t>::max();

class AccessLogTest : public testing::Test {
 protected:
  AccessLogOptions options(const std::shared_ptr<AccessLogBuffer>& buffer = {}) const {
    AccessLogOptions options;
    options.folder = temp_ / "access-log";
    options.buffer = buffer;
    options.run_records = run_records_;
    return options;
  }
  std::unique_ptr<AccessLog> open(const std::shared_ptr<AccessLogBuffer>& buffer = {},
                                  OpenMode mode = OpenMode::read_write,
                                  const NoteFault& note_fault = {}) const {
    return std::make_unique<AccessLog>(options(buffer), signing_, mode, note_fault);
  }
  /// Adds these and ends the log, so that they are written.
  void write(std::uint32_t person, std::int64_t from, std::int64_t to) const {
    const auto log = open();
    for (std::int64_t i = from; i < to; ++i) ASSERT_TRUE(log->add(access_sample(person, i)));
  }
  /// A log on a full disk until its write of this record has failed.
  void fail_to_write(const AccessRecord& record, const std::shared_ptr<AccessLogBuffer>& buffer) {
    std::promise<Fault> noted;
    std::once_flag once;
    const auto log = open(buffer, OpenMode::read_write, [&](const Fault& fault) {
      std::call_once(once, [&] { noted.set_value(fault); });
    });
    const NoRoom no_room;
    EXPECT_TRUE(log->add(record));
    const Fault fault = noted.get_future().get();
    EXPECT_EQ(fault.kind, FaultKind::unwritable);
    EXPECT_NE(fault.reason.find("the access log cannot be written"), std::string::npos)
        << fault.reason;
  }
  std::vector<AccessRecord> read_all() const { return open()->read_all().value(); }
  std::string finding() const {
    return check_access_log(temp_ / "access-log", {&signing_.current()->public_key(), 1}, {})
        .finding;
  }

  /// All of a person's records, page by page.
  std::vector<AccessRecord> pages(const AccessLog& log, std::uint32_t person,
                                  std::size_t limit) const {
    std::vector<AccessRecord> records;
    const auto number = ledger::test::person_number(person);
    for (std::uint64_t before = newest;;) {
      const auto page = log.find({&number, 1}, before, limit).value();
      EXPECT_LE(page.size(), limit);
      for (const AccessLog::Found& found : page) {
        EXPECT_LT(found.sequence, before);
        before = found.sequence;
        records.push_back(found.record);
      }
      if (page.size() < limit) return records;
    }
  }

  std::size_t run_records_ = AccessIndex::run_records;
  TempFolder temp_;
  SigningKeys signing_{SigningKey::generate()};
};

TEST_F(AccessLogTest, keeps_every_record_of_every_thread_in_its_order) {
  constexpr std::int64_t each = 1500;
  {
    const auto log = open();
    std::vector<std::thread> threads;
    for (std::uint32_t person = 1; person <= 4; ++person) {
      threads.emplace_back([&log, person] {
        for (std::int64_t i = 0; i < each; ++i) EXPECT_TRUE(log->add(access_sample(person, i)));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::vector<AccessRecord> records = read_all();
  ASSERT_EQ(records.size(), 4U * each);
  std::map<ledger::EncryptedNumber, std::int64_t> next;
  for (const AccessRecord& record : records) {
    AccessRecord expected = access_sample(1, next[record.number]++);
    expected.number = record.number;
    EXPECT_EQ(record, expected);
  }
  EXPECT_EQ(finding(), "");
}

TEST_F(AccessLogTest, shows_a_record_within_a_second) {
  const auto log = open();
  ASSERT_TRUE(log->add(access_sample(1, 1)));
  const auto number = ledger::test::person_number(1);
  const auto begin = std::chrono::steady_clock::now();
  // Ten seconds only so that a machine under load does not fail the test for a stall of its own.
  while (log->find({&number, 1}, newest, 1).value().empty()) {
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{10});
    std::this_thread::yield();
  }
  EXPECT_EQ(log->head().blocks, 1U);
}

TEST_F(AccessLogTest, finds_the_records_of_a_number_newest_first) {
  run_records_ = 100;
  {
    const auto log = open();
    for (std::int64_t i = 0; i < 3000; ++i) {
      ASSERT_TRUE(log->add(access_sample(i % 7 == 0 ? 1 : static_cast<std::uint32_t>(i) + 10, i)));
    }
  }
  write(1, 3000, 3050);
  const auto log = open();
  for (const std::size_t limit : {1U, 7U, 100U, 5000U}) {
    const std::vector<AccessRecord> records = pages(*log, 1, limit);
    ASSERT_EQ(records.size(), 429U + 50U) << limit;
    EXPECT_TRUE(std::is_sorted(
        records.begin(), records.end(),
        [](const AccessRecord& a, const AccessRecord& b) { return a.time > b.time; }));
    for (const AccessRecord& record : records) {
      EXPECT_EQ(record, access_sample(1, record.time.seconds - 1'760'000'000));
    }
  }
  EXPECT_TRUE(pages(*log, 4711, 10).empty());
  EXPECT_EQ(pages(*log, 11, 10).size(), 1U);
}

TEST_F(AccessLogTest, finds_the_records_of_several_numbers_together) {
  write(1, 0, 10);
  write(2, 10, 20);
  write(1, 20, 30);
  const auto log = open();
  const std::vector<ledger::EncryptedNumber> numbers{ledger::test::person_number(1),
                                                     ledger::test::person_number(2)};
  const auto found = log->find(numbers, newest, 25).value();
  ASSERT_EQ(found.size(), 25U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].sequence, 30 - i);
    EXPECT_EQ(found[i].record.time.seconds, 1'760'000'000 + 29 - static_cast<std::int64_t>(i));
  }
}

TEST_F(AccessLogTest, has_a_cursor_that_stays_while_records_come) {
  write(1, 0, 300);
  const auto log = open();
  const auto number = ledger::test::person_number(1);
  const auto first = log->find({&number, 1}, newest, 100).value();
  for (std::int64_t i = 300; i < 350; ++i) ASSERT_TRUE(log->add(access_sample(1, i)));
  while (log->find({&number, 1}, newest, 1000).value().size() < 350) std::this_thread::yield();
  const auto second = log->find({&number, 1}, first.back().sequence, 1000).value();
  EXPECT_EQ(second.size(), 200U);
  EXPECT_EQ(second.front().sequence, first.back().sequence - 1);
}

TEST_F(AccessLogTest, goes_on_behind_the_older_records) {
  for (std::int64_t run = 0; run < 3; ++run) write(1, run, run + 1);
  const std::vector<AccessRecord> records = read_all();
  ASSERT_EQ(records.size(), 3U);
  for (std::int64_t run = 0; run < 3; ++run) {
    EXPECT_EQ(records[static_cast<std::size_t>(run)], access_sample(1, run));
  }
  EXPECT_EQ(finding(), "");
  EXPECT_EQ(open()->head().blocks, 3U);
}

TEST_F(AccessLogTest, refuses_what_it_cannot_hold_instead_of_growing) {
  AccessLogBuffer buffer;
  AccessRecord large = access_sample(1, 1);
  large.asker.client.assign(access_text_bytes_max, 'x');
  const std::size_t enough = AccessLogBuffer::bytes_max / access_text_bytes_max;
  bool is_refused = false;
  for (std::size_t i = 0; i < enough && !is_refused; ++i) {
    const auto added = buffer.add(large);
    if (added) continue;
    EXPECT_EQ(added.error(), ledger::make_error_code(ledger::Errc::overloaded));
    is_refused = true;
  }
  EXPECT_TRUE(is_refused);
}

TEST_F(AccessLogTest, refuses_what_could_not_be_read) {
  AccessLogBuffer buffer;
  AccessRecord record = access_sample(1, 1);
  record.year = 0;
  EXPECT_EQ(buffer.add(record).error(), ledger::make_error_code(ledger::Errc::unstorable));
  EXPECT_EQ(buffer.size(), 0U);
}

TEST_F(AccessLogTest, writes_later_what_could_not_be_written) {
  const auto buffer = std::make_shared<AccessLogBuffer>();
  { EXPECT_TRUE(open(buffer)->add(access_sample(1, 0))); }
  fail_to_write(access_sample(1, 1), buffer);
  EXPECT_EQ(buffer->size(), 1U);
  { EXPECT_TRUE(open(buffer, OpenMode::read_only)->add(access_sample(1, 2))); }
  EXPECT_EQ(buffer->size(), 2U);
  { const auto log = open(buffer); }
  EXPECT_EQ(buffer->size(), 0U);
  const std::vector<AccessRecord> records = read_all();
  ASSERT_EQ(records.size(), 3U);
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(records[static_cast<std::size_t>(i)], access_sample(1, i));
  }
  EXPECT_EQ(finding(), "");
  EXPECT_EQ(pages(*open(), 1, 10).size(), 3U);
}

}  // namespace
}  // namespace storage::test
