#include "api/cards/number_checks.h"

#include "storage/crypto/base64url.h"
#include "storage/crypto/scrypt.h"

namespace api {
namespace {

template <class Bytes>
std::string_view text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string number_check(const ledger::CardId& card, std::string_view digits) {
  const std::string check =
      storage::scrypt(digits, text_of(card), storage::ScryptCost(), NumberChecks::bytes);
  return storage::to_base64url({reinterpret_cast<const std::uint8_t*>(check.data()), check.size()});
}

std::string NumberChecks::of(const ledger::CardId& card, const ledger::EncryptedNumber& number,
                             const storage::NumberCipher& cipher) {
  const storage::Digest key = storage::sha256(text_of(card), text_of(number.bytes));
  const std::lock_guard lock(mutex_);
  const auto known = kept_.find(key);
  if (known != kept_.end()) return known->second;
  std::string check = number_check(card, cipher.decrypt(number));
  ++worked_out_;
  if (by_age_.size() == kept_max) {
    kept_.erase(by_age_.front());
    by_age_.pop_front();
  }
  kept_.emplace(key, check);
  by_age_.push_back(key);
  return check;
}

std::size_t NumberChecks::worked_out() const {
  const std::lock_guard lock(mutex_);
  return worked_out_;
}

}  // namespace api
