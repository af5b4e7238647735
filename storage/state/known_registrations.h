#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "storage/rocksdb/database.h"
#include "storage/state/fingerprint_filter.h"

namespace storage {

/// Tells from memory that a registration is new, so that the store need not ask the files. It
/// learns what was in the files at the opening by reading them once, on a thread of its own, after
/// so many lookups that the reading pays. Nothing depends on it: without memory or a thread it
/// knows nothing, and the store looks up every registration.
///
/// Concurrency: one writer.
class KnownRegistrations {
 public:
  struct Options {
    /// Half of it is for the keys that were in the files, half for those that come. When either
    /// half is full, nothing is known any more.
    std::size_t bytes_max = 0;
    /// The files are read after so many lookups, and at least one for every four registrations.
    std::uint64_t lookups_before_reading = 0;
  };

  /// The registrations are in this family of the files; there are `in_files` of them.
  KnownRegistrations(const Database& files, std::size_t family, std::uint64_t in_files,
                     Options options);
  ~KnownRegistrations();
  KnownRegistrations(const KnownRegistrations&) = delete;
  KnownRegistrations& operator=(const KnownRegistrations&) = delete;

  void add(const ledger::Fingerprint& key);
  /// True: there is no such registration. False: the caller has to look it up.
  bool is_new(const ledger::Fingerprint& key) const;
  /// The caller is going to ask for this key or add it.
  void prefetch(const ledger::Fingerprint& key) const;
  /// The writer has looked up so many more registrations in the files.
  void note_lookups(std::uint64_t count);

 private:
  void read_files();
  void stop_reading();
  void give_up();

  const Database& files_;
  const std::size_t family_;
  const std::uint64_t lookups_before_reading_;
  std::uint64_t lookups_ = 0;
  bool is_given_up_ = false;
  FingerprintFilter added_;     // since the opening
  FingerprintFilter in_files_;  // at the opening; the thread's own until they are read
  std::atomic<bool> are_files_read_;
  std::atomic<bool> is_stopping_{false};
  std::thread reading_;
};

}  // namespace storage
