#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "storage/crypto/crypto.h"

namespace storage {

/// The keys of one ledger that sign, each with its number: 1 at first, and one more for each that
/// takes the place of the one before. Which of them signs now is what the journal says. While it
/// has said nothing, that is the lowest. From any thread.
class SigningKeys {
 public:
  using Key = std::shared_ptr<const SigningKey>;

  explicit SigningKeys(SigningKey only);
  /// By their numbers; at least one.
  explicit SigningKeys(std::map<unsigned, SigningKey>&& keys);

  /// The one that signs now.
  Key current() const;
  /// The one that is to take its place; null when there is none.
  Key next() const;
  /// Null when there is none with this id.
  Key find(std::string_view key_id) const;
  /// From now on the key with this id signs. False when there is none.
  bool use(std::string_view key_id);

  void add(unsigned number, SigningKey key);
  unsigned newest_number() const;

 private:
  using Keys = std::map<unsigned, Key>;

  Keys::const_iterator place_of(std::string_view key_id) const;

  mutable std::mutex mutex_;  // of everything below
  Keys keys_;
  unsigned current_ = 0;
};

}  // namespace storage
