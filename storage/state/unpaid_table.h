#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "ledger/records/registration.h"

namespace storage {

/// Changes to the index of unpaid registrations that are not in its files yet: registrations that
/// came, and keys of those that went. Ordered, because a practice's are shown by service day. Few
/// registrations are reported unpaid, so ordered maps do.
///
/// Concurrency: add(), remove() and freeze() from the writer; frozen() from whoever hands over,
/// until it calls forget_frozen(); changes() from any thread.
class UnpaidTable {
 public:
  /// A registration that came, under its key; or nothing when the files have it and it is no longer
  /// unpaid.
  using Changes = std::map<ledger::UnpaidKey, std::optional<ledger::UnpaidRegistration>>;

  void add(const ledger::UnpaidKey& key, const ledger::UnpaidRegistration& registration);
  void remove(const ledger::UnpaidKey& key);

  /// What has come so far is going to be handed over. REQUIRES: nothing is frozen.
  void freeze();
  const Changes& frozen() const { return frozen_; }
  /// It is in the files.
  void forget_frozen();

  /// The changes from `first` to `last`, newest state of each key, at least the first
  /// `changes_max` of them. Sets `last` to the key up to which they are all there.
  Changes changes(const ledger::UnpaidKey& first, ledger::UnpaidKey& last,
                  std::size_t changes_max) const;

 private:
  mutable std::mutex mutex_;
  Changes active_;
  Changes frozen_;  // changed by freeze() and forget_frozen() only
};

}  // namespace storage
