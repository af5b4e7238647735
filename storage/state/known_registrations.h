#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "storage/rocksdb/database.h"
#include "storage/state/fingerprint_filter.h"

namespace storage {

/// Knows from memory that a registration is new, so that the files are not asked. What was in the
/// files at the opening it learns by reading them through once, on a thread of its own, after so
/// many lookups that it pays. Nothing depends on it: without memory or a thread it knows nothing,
/// and every registration is looked up.
///
/// Concurrency: one writer.
class KnownRegistrations {
 public:
  struct Options {
    /// Half of it is for what was in the files. When either half is full, nothing is known any
    /// more.
    std::size_t bytes_max = 0;
    /// The files are read after so many lookups, and at least one for every four registrations.
    std::uint64_t lookups_before_reading = 0;
  };

  /// `family` of the files has the registrations, `in_files` of them.
  KnownRegistrations(const Database& files, std::size_t family, std::uint64_t in_files,
                     Options options);
  ~KnownRegistrations();
  KnownRegistrations(const KnownRegistrations&) = delete;
  KnownRegistrations& operator=(const KnownRegistrations&) = delete;

  void add(const ledger::Fingerprint& key);
  /// True: there is no such registration. False: it has to be looked up.
  bool is_new(const ledger::Fingerprint& key) const;
  /// Says that the key is going to be asked for or added.
  void prefetch(const ledger::Fingerprint& key) const;
  /// The writer has had to look up so many more in the files.
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
