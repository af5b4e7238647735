#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "ledger/records/account.h"
#include "storage/crypto/crypto.h"

namespace api {

/// What a card's token says of its owner: the scrypt of the national number, salted with the card's
/// id. Who has the number before him can check it; who has not tries some 50 ms for each number.
///
/// Working one out costs as much, so the newest are kept. Neither they nor what they are found by
/// tell a number.
class NumberChecks {
 public:
  static constexpr std::size_t kept_max = 4096;
  static constexpr std::size_t bytes = 16;

  /// Base64url. Worked out once for the same card and number, also when several ask at once. Throws
  /// std::runtime_error when memory is short.
  std::string of(const ledger::CardId& card, const ledger::EncryptedNumber& number,
                 const storage::NumberCipher& cipher);

  /// How many have been worked out.
  std::size_t worked_out() const;

 private:
  mutable std::mutex mutex_;  // held while one is worked out: one at a time
  std::map<storage::Digest, std::string> kept_;
  std::deque<storage::Digest> by_age_;
  std::size_t worked_out_ = 0;
};

/// The same without keeping anything, of the eleven digits.
std::string number_check(const ledger::CardId& card, std::string_view digits);

}  // namespace api
