#include "storage/known_registrations.h"

#include <new>

#include "storage/format.h"
#include "storage/rocksdb_internal.h"

namespace storage {

KnownRegistrations::KnownRegistrations(const Database& files, std::size_t family, bool is_empty,
                                       Options options)
    : files_(files),
      family_(family),
      options_(options),
      added_(is_empty ? options.bytes_max : options.bytes_max / 2),
      in_files_(is_empty ? 0 : options.bytes_max / 2),
      is_whole_(is_empty) {}

KnownRegistrations::~KnownRegistrations() {
  is_stopping_ = true;
  if (reading_.joinable()) reading_.join();
}

void KnownRegistrations::add(const ledger::Fingerprint& key) {
  if (is_full_ || added_.add(key)) return;
  is_full_ = true;
  added_ = FingerprintFilter(0);
}

bool KnownRegistrations::is_new(const ledger::Fingerprint& key) const {
  return !is_full_ && is_whole_.load(std::memory_order_acquire) && !added_.may_contain(key) &&
         !in_files_.may_contain(key);
}

void KnownRegistrations::prefetch(const ledger::Fingerprint& key) const {
  added_.prefetch(key);
  if (is_whole_.load(std::memory_order_acquire)) in_files_.prefetch(key);
}

void KnownRegistrations::note_lookups(std::uint64_t count) {
  lookups_ += count;
  if (lookups_ < options_.lookups_before_reading) return;
  if (is_full_ || is_whole_ || reading_.joinable()) return;
  reading_ = std::thread([this] { read_files(); });
}

/// What cannot be read is noted as a fault of the files; without all of it nothing is known.
void KnownRegistrations::read_files() {
  try {
    const auto read = files_.for_each(
        family_, {}, [this](std::string_view key, std::string_view) -> ledger::Result<void> {
          if (is_stopping_) return ledger::Errc::shutting_down;
          if (!in_files_.add(decode_registration_key(key))) return ledger::Errc::overloaded;
          return ledger::ok();
        });
    if (read) is_whole_.store(true, std::memory_order_release);
  } catch (const std::bad_alloc&) {
    // It is not needed: what is not known is looked up.
  }
}

}  // namespace storage
