#include "storage/ledger_files/erasure.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <unordered_set>
#include <vector>

#include "ledger/values/national_id.h"
#include "storage/files/files.h"
#include "storage/ledger_files/verify.h"
#include "storage/state/state_comparison.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"
#include "tests/storage/workload.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::EncryptedNumber;
using ledger::PersonId;

VerifyReport verified(const fs::path& data, const PublicKey& key) {
  VerifyOptions options;
  options.folder = data;
  options.public_key = key;
  return verify_journal(options);
}

/// All national numbers, synthetic ones too, of one birth date.
std::vector<ledger::NationalId> numbers_of_birth_date() {
  std::vector<ledger::NationalId> numbers;
  for (int rest = 0; rest < 100'000; ++rest) {
    const std::string digits = std::to_string(rest);
    const auto number =
        ledger::NationalId::parse("159190" + std::string(5 - digits.size(), '0') + digits,
                                  ledger::NumberSeries::production_and_tests);
    if (number) numbers.push_back(*number);
  }
  return numbers;
}

/// The bytes of all files.
std::string everything_in(const fs::path& folder) {
  std::string bytes;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) bytes += read_file(file.path());
  }
  return bytes;
}

std::string_view bytes_of(const EncryptedNumber& number) {
  return {reinterpret_cast<const char*>(number.bytes.data()), number.bytes.size()};
}

class ErasureTest : public testing::Test {
 protected:
  ErasureTest() {
    LedgerWithWriter ledger(options_in(data(), 90));
    ledger.commit_in_groups(items_of(41, 600), 30);
    key_ = ledger.files().keys().signing->current()->public_key();
    number_ = ledger.files().keys().numbers.encrypt(numbers_of_birth_date().at(57));
    ledger::Item item = ledger::test::a_copayment().guid(900'000);
    item.person = number_;
    ledger.commit(std::vector<ledger::Item>{item});
    checksum_ = ledger.checksum();
    erased_ = ledger.files().state().person_of(number_).value().value();
    other_ = ledger.files().state().numbers(PersonId{1}).value().front();
  }

  fs::path data() const { return temp_ / "data"; }
  Erasure erase() {
    return erase_numbers(data(),
                         [this](const EncryptedNumber& number) { return number == number_; });
  }

  TempFolder temp_;
  PersonId erased_;
  EncryptedNumber number_;
  EncryptedNumber other_;
  PublicKey key_{};
  std::string checksum_;
};

TEST_F(ErasureTest, leaves_everything_else_and_its_proof) {
  const VerifyReport before = verified(data(), key_);
  const Erasure erasure = erase();
  EXPECT_EQ(erasure.records, 1U);
  EXPECT_EQ(erasure.numbers, 1U);
  const VerifyReport after = verified(data(), key_);
  EXPECT_FALSE(after.finding) << after.finding->what;
  EXPECT_EQ(after.root, before.root);
  EXPECT_EQ(after.erased, 1U);

  LedgerWithWriter ledger(options_in(data(), 90));
  EXPECT_EQ(ledger.checksum(), checksum_) << "it does not cover numbers, which depend on a key";
  StateStore& state = ledger.files().state();
  EXPECT_TRUE(state.numbers(erased_).value().empty());
  EXPECT_FALSE(state.person_of(number_).value());
  EXPECT_EQ(state.numbers(PersonId{1}).value().front(), other_);
  EXPECT_EQ(state.person_of(other_).value(), PersonId{1});
}

TEST_F(ErasureTest, is_done_once) {
  erase();
  EXPECT_EQ(erase().records, 0U);
  EXPECT_EQ(verified(data(), key_).erased, 1U);
}

/// With the data folder and the number key somebody can encrypt every number that there may be.
TEST_F(ErasureTest, leaves_nothing_by_which_the_number_could_be_guessed) {
  ASSERT_NE(everything_in(data()).find(bytes_of(number_)), std::string::npos);
  erase();
  { LedgerWithWriter ledger(options_in(data(), 90)); }
  const NumberCipher cipher = KeyRing::open(data() / "keys").numbers;
  std::unordered_set<std::string> guesses;
  for (const ledger::NationalId number : numbers_of_birth_date()) {
    guesses.emplace(bytes_of(cipher.encrypt(number)));
  }
  EXPECT_GT(guesses.size(), 500U);
  const std::string everything = everything_in(data());
  std::string window;
  for (std::size_t at = 0; at + 16 <= everything.size(); ++at) {
    window.assign(everything, at, 16);
    ASSERT_FALSE(guesses.contains(window));
  }
}

TEST_F(ErasureTest, takes_new_items_of_the_same_number_for_another_person) {
  erase();
  LedgerWithWriter ledger(options_in(data(), 90));
  const std::uint64_t persons = ledger.files().state().head().totals.persons;
  ledger::Item item = ledger::test::a_copayment().guid(900'001);
  item.person = number_;
  ledger.commit(std::vector<ledger::Item>{item});
  EXPECT_EQ(ledger.files().state().person_of(number_).value(), PersonId{persons + 1});
}

}  // namespace
}  // namespace storage::test
