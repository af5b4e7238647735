#include "storage/state/known_registrations.h"

#include <algorithm>
#include <new>
#include <system_error>

#include "storage/bytes/format.h"
#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {

KnownRegistrations::KnownRegistrations(const Database& files, std::size_t family,
                                       std::uint64_t in_files, Options options)
    : files_(files),
      family_(family),
      lookups_before_reading_(std::max(options.lookups_before_reading, in_files / 4)),
      added_(in_files == 0 ? options.bytes_max : options.bytes_max / 2),
      in_files_(options.bytes_max / 2, in_files),
      are_files_read_(in_files == 0) {
  is_given_up_ = FingerprintFilter::bytes_for(in_files) > options.bytes_max / 2;
}

KnownRegistrations::~KnownRegistrations() { stop_reading(); }

void KnownRegistrations::add(const ledger::Fingerprint& key) {
  if (is_given_up_) return;
  try {
    if (added_.add(key)) return;
  } catch (const std::bad_alloc&) {
    // As when there is no room.
  }
  give_up();
}

bool KnownRegistrations::is_new(const ledger::Fingerprint& key) const {
  return !is_given_up_ && are_files_read_.load(std::memory_order_acquire) &&
         !added_.may_contain(key) && !in_files_.may_contain(key);
}

void KnownRegistrations::prefetch(const ledger::Fingerprint& key) const {
  added_.prefetch(key);
  if (are_files_read_.load(std::memory_order_acquire)) in_files_.prefetch(key);
}

void KnownRegistrations::note_lookups(std::uint64_t count) {
  lookups_ += count;
  if (lookups_ < lookups_before_reading_) return;
  if (is_given_up_ || are_files_read_ || reading_.joinable()) return;
  try {
    reading_ = std::thread([this] { read_files(); });
  } catch (const std::system_error&) {
    give_up();
  }
}

/// Without all of them nothing is known. What cannot be read is noted as a fault of the files.
void KnownRegistrations::read_files() {
  try {
    const auto read = files_.for_each(
        family_, {}, [this](std::string_view key, std::string_view) -> ledger::Result<void> {
          if (is_stopping_) return ledger::Errc::shutting_down;
          if (!in_files_.add(decode_registration_key(key))) return ledger::Errc::overloaded;
          return ledger::ok();
        });
    if (read) {
      are_files_read_.store(true, std::memory_order_release);
      return;
    }
  } catch (const std::bad_alloc&) {
    // As when there is no room.
  }
  in_files_ = FingerprintFilter(0);
}

void KnownRegistrations::stop_reading() {
  is_stopping_ = true;
  if (reading_.joinable()) reading_.join();
}

void KnownRegistrations::give_up() {
  is_given_up_ = true;
  stop_reading();
  added_ = FingerprintFilter(0);
  in_files_ = FingerprintFilter(0);
}

}  // namespace storage
