#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "storage/fingerprint_filter.h"

namespace storage {

class Database;

/// Spares the writer nearly all lookups of new registrations in the files: it keeps filters of all
/// that there are. Of those that were in the files when they were opened it knows after it has read
/// through them, beside all other work, and it does that once the writer has looked up so many that
/// it pays.
///
/// Concurrency: one writer, and a thread of its own.
class KnownRegistrations {
 public:
  struct Options {
    std::size_t bytes_max = 0;  ///< beyond it nothing is known any more; half for those in files
    std::uint64_t lookups_before_reading = 0;
  };

  /// `family`: of the registrations. With `is_empty`, it has none yet.
  KnownRegistrations(const Database& files, std::size_t family, bool is_empty, Options options);
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

  const Database& files_;
  const std::size_t family_;
  const Options options_;
  std::uint64_t lookups_ = 0;
  FingerprintFilter added_;     // since the opening
  bool is_full_ = false;        // and `added_` not whole
  FingerprintFilter in_files_;  // written by the thread; by nobody when `is_whole_`
  std::atomic<bool> is_whole_;  // `in_files_`
  std::atomic<bool> is_stopping_{false};
  std::thread reading_;
};

}  // namespace storage
