#include "api/cards/number_checks.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace api::test {
namespace {

using ledger::CardId;
using ledger::NationalId;
using ledger::NumberSeries;

ledger::CardId card_of(std::uint8_t number) {
  CardId card{};
  for (std::size_t i = 0; i < card.size(); ++i) card[i] = static_cast<std::uint8_t>(number + i);
  return card;
}

class NumberChecksTest : public testing::Test {
 protected:
  ledger::EncryptedNumber encrypted(std::string_view digits) const {
    return cipher_.encrypt(*NationalId::parse(digits, NumberSeries::production_and_tests));
  }

  const storage::NumberCipher cipher_{storage::DataKey{}};
  NumberChecks checks_;
};

// Worked out with Python's hashlib.scrypt(b"22898595734", salt=bytes(range(16)), n=16384, r=8, p=1,
// dklen=16).
TEST_F(NumberChecksTest, are_the_scrypt_of_number_and_card) {
  EXPECT_EQ(number_check(card_of(0), "22898595734"), "k6o9r4jSICN8M6m0WZ2bKA");
  EXPECT_EQ(checks_.of(card_of(0), encrypted("22898595734"), cipher_), "k6o9r4jSICN8M6m0WZ2bKA");
}

TEST_F(NumberChecksTest, differ_by_card_and_by_number) {
  const std::string one = checks_.of(card_of(0), encrypted("22898595734"), cipher_);
  EXPECT_NE(checks_.of(card_of(1), encrypted("22898595734"), cipher_), one);
  EXPECT_NE(checks_.of(card_of(0), encrypted("17839597738"), cipher_), one);
  EXPECT_EQ(checks_.worked_out(), 3U);
}

TEST_F(NumberChecksTest, are_worked_out_once_however_many_ask) {
  std::vector<std::thread> askers;
  std::vector<std::string> answers(8);
  for (std::string& answer : answers) {
    askers.emplace_back(
        [&] { answer = checks_.of(card_of(0), encrypted("22898595734"), cipher_); });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(checks_.worked_out(), 1U);
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers.front());
}

}  // namespace
}  // namespace api::test
