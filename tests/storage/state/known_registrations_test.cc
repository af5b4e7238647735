#include "storage/state/known_registrations.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "storage/bytes/format.h"
#include "storage/state/state_families_internal.h"
#include "storage/state/state_reader.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

using ledger::Fingerprint;

constexpr auto family = index_of(StateFamily::registrations);
constexpr KnownRegistrations::Options at_once{64U << 20, 1};
/// Spread as hashes are.
constexpr Fingerprint fingerprint(std::uint64_t number) {
  return {(number + 1) * 0x9E3779B97F4A7C15U, (number + 1) * 0xD6E8FEB86659FD93U};
}
constexpr Fingerprint never_added = fingerprint(std::uint64_t{1} << 40);

/// The files of a state with registrations.
class KnownRegistrationsTest : public testing::Test {
 protected:
  KnownRegistrationsTest() {
    { LedgerWithWriter(options_in(temp_ / "data")).commit(items_of(5, 300)); }
    files_ = std::make_unique<Database>(temp_ / "data/state", state_db_options(), state_families(),
                                        OpenMode::read_only);
    const auto read = files_->for_each(
        family, {}, [this](std::string_view key, std::string_view) -> ledger::Result<void> {
          in_files_.push_back(decode_registration_key(key));
          return ledger::ok();
        });
    EXPECT_TRUE(read);
    EXPECT_GT(in_files_.size(), 100U);
  }
  static bool becomes_new(const KnownRegistrations& known, const Fingerprint& key) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!known.is_new(key) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return known.is_new(key);
  }

  TempFolder temp_;
  std::unique_ptr<Database> files_;
  std::vector<Fingerprint> in_files_;
};

TEST_F(KnownRegistrationsTest, knows_what_is_in_the_files_only_after_reading_them) {
  KnownRegistrations known(*files_, family, in_files_.size(), at_once);
  known.add({3, 4});
  EXPECT_FALSE(known.is_new(never_added));
  known.note_lookups(in_files_.size());
  known.prefetch(never_added);
  ASSERT_TRUE(becomes_new(known, never_added));
  for (const Fingerprint& key : in_files_) EXPECT_FALSE(known.is_new(key));
  EXPECT_FALSE(known.is_new({3, 4}));
}

TEST_F(KnownRegistrationsTest, reads_the_files_when_enough_has_been_looked_up) {
  KnownRegistrations known(*files_, family, in_files_.size(), {64U << 20, 1000});
  known.note_lookups(999);
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_FALSE(known.is_new(never_added));
  known.note_lookups(1);
  EXPECT_TRUE(becomes_new(known, never_added));
}

TEST_F(KnownRegistrationsTest, knows_at_once_that_an_empty_state_has_none) {
  KnownRegistrations known(*files_, family, 0, at_once);
  EXPECT_TRUE(known.is_new(never_added));
  known.add(never_added);
  EXPECT_FALSE(known.is_new(never_added));
}

TEST_F(KnownRegistrationsTest, knows_nothing_when_its_memory_is_used_up) {
  constexpr std::uint64_t room = std::uint64_t{1} << 20;
  KnownRegistrations known(*files_, family, 0, {2U << 20, 1});
  for (std::uint64_t i = 0; i < room; ++i) known.add(fingerprint(i));
  EXPECT_TRUE(known.is_new(never_added));
  known.add({3, 4});
  EXPECT_FALSE(known.is_new(never_added));
}

TEST_F(KnownRegistrationsTest, knows_nothing_of_files_that_it_has_no_room_for) {
  KnownRegistrations known(*files_, family, in_files_.size(), {1U << 20, 1});
  known.note_lookups(in_files_.size());
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_FALSE(known.is_new(never_added));
}

}  // namespace
}  // namespace storage::test
