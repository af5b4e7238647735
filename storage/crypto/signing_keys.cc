#include "storage/crypto/signing_keys.h"

#include <algorithm>
#include <utility>

#include "ledger/values/assert.h"

namespace storage {

SigningKeys::SigningKeys(SigningKey only) : current_(1) { add(1, std::move(only)); }

SigningKeys::SigningKeys(std::map<unsigned, SigningKey>&& keys) {
  LEDGER_ASSERT(!keys.empty());
  for (auto& [number, key] : keys) add(number, std::move(key));
  current_ = keys_.begin()->first;
}

SigningKeys::Key SigningKeys::current() const {
  const std::lock_guard lock(mutex_);
  return keys_.at(current_);
}

SigningKeys::Key SigningKeys::next() const {
  const std::lock_guard lock(mutex_);
  const auto place = keys_.upper_bound(current_);
  return place == keys_.end() ? nullptr : place->second;
}

SigningKeys::Keys::const_iterator SigningKeys::place_of(std::string_view key_id) const {
  return std::find_if(keys_.begin(), keys_.end(), [key_id](const auto& numbered) {
    return numbered.second->key_id() == key_id;
  });
}

SigningKeys::Key SigningKeys::find(std::string_view key_id) const {
  const std::lock_guard lock(mutex_);
  const auto place = place_of(key_id);
  return place == keys_.end() ? nullptr : place->second;
}

bool SigningKeys::use(std::string_view key_id) {
  const std::lock_guard lock(mutex_);
  const auto place = place_of(key_id);
  if (place == keys_.end()) return false;
  current_ = place->first;
  return true;
}

void SigningKeys::add(unsigned number, SigningKey key) {
  const std::lock_guard lock(mutex_);
  keys_.try_emplace(number, std::make_shared<const SigningKey>(std::move(key)));
}

unsigned SigningKeys::newest_number() const {
  const std::lock_guard lock(mutex_);
  return keys_.rbegin()->first;
}

}  // namespace storage
