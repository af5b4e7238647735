#pragma once

#include "tests/support/memory_store.h"

namespace sim {

/// The state in memory, with reads that fail when told to. A copy is a snapshot.
class FaultyStore final : public ledger::test::MemoryStore {
 public:
  /// The read after `reads` others fails, and all that follow, until stop_failing().
  void fail_after(std::uint64_t reads) { reads_left_ = reads; }
  void stop_failing() { reads_left_.reset(); }

  ledger::Result<std::optional<ledger::Registration>> find_registration(
      const ledger::Fingerprint& key) override {
    if (fails()) return ledger::Errc::store_unavailable;
    return MemoryStore::find_registration(key);
  }
  ledger::Result<std::optional<ledger::PersonId>> find_person(
      const ledger::EncryptedNumber& number) override {
    if (fails()) return ledger::Errc::store_unavailable;
    return MemoryStore::find_person(number);
  }
  ledger::Result<ledger::Person> load_person(ledger::PersonId person) override {
    if (fails()) return ledger::Errc::store_unavailable;
    return MemoryStore::load_person(person);
  }
  ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(
      ledger::PersonId person) override {
    if (fails()) return ledger::Errc::store_unavailable;
    return MemoryStore::numbers_of(person);
  }
  ledger::Result<std::optional<ledger::KnownEvent>> find_registry_event(
      const ledger::Guid& id) override {
    if (fails()) return ledger::Errc::store_unavailable;
    return MemoryStore::find_registry_event(id);
  }
  ledger::Result<void> load_account(const ledger::AccountKey& key, ledger::Account& out) override {
    if (fails()) return ledger::Errc::store_unavailable;
    return MemoryStore::load_account(key, out);
  }

 private:
  bool fails() {
    if (!reads_left_) return false;
    if (*reads_left_ == 0) return true;
    --*reads_left_;
    return false;
  }

  std::optional<std::uint64_t> reads_left_;
};

}  // namespace sim
