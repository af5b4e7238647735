#pragma once

#include <span>
#include <string>

#include "ledger/ports/journal.h"
#include "storage/crypto/signing_keys.h"

namespace storage {

/// Turns groups that are appended together into records: each follows the one before it, and is
/// signed with the key that the journal wants by then. Knows no files: whatever keeps the records,
/// a database here or a log elsewhere, keeps what this makes.
class Sealer {
 public:
  /// `root` is that of the record before the first group. `keys` must stay.
  Sealer(const SigningKeys& keys, const ledger::Digest& root);

  struct Sealed {
    std::string record;  ///< see format.h
    ledger::Seal seal;
    std::string fault;  ///< why it must not be kept; empty when it may
  };
  /// Seals the next group with its answers.
  Sealed seal(const ledger::AnsweredGroup& answered);

  /// Of the last group.
  const ledger::Digest& root() const { return root_; }
  /// Of the key that signs what follows.
  const std::string& key_id() const { return key_->key_id(); }

 private:
  const SigningKeys& keys_;
  const DataKey salts_;
  SigningKeys::Key key_;
  ledger::Digest root_;
};

/// The id of the key that signs behind a group that was signed with `key_id`: that one, unless the
/// group names another.
std::string key_id_after(const ledger::CommitGroup& group, const std::string& key_id);

}  // namespace storage
