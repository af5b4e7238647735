#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/runtime/jobs.h"
#include "api/runtime/open_ledger.h"

namespace api {

/// Keeps the ledger open, and opens it again after a fault. Recovery is the same code as a start:
/// nothing that was in memory when a write or read failed is used any further.
///
///   taking items ──fault──▶ closed ──▶ read-only, until the folder can be written and read
///        ▲                    │              │
///        └────────────────────┴──────────────┘  opened read-write; a damaged state is made again
///
/// From the moment that a fault is noted until items are taken again, no item is taken, and none is
/// acknowledged: also not one that was on its way.
///
/// Whoever uses the ledger holds a lease meanwhile; there is none while the files are closed.
class LedgerKeeper {
 public:
  /// What is told of a commit group, in this order.
  struct Listeners {
    ingest::Ingestor::Deliver deliver;  ///< gets its submissions, with their answers
    std::function<void()> on_events;    ///< when it has made events, too
  };

  /// Opens the ledger; read-only when its folder cannot be written now. Throws std::runtime_error
  /// when it cannot be opened for another reason: see LedgerFiles.
  LedgerKeeper(storage::LedgerOptions options, Listeners listeners,
               ingest::Ingestor::Options ingest_options, Jobs& jobs);
  /// Nobody may ask for a lease any more, nor use one.
  ~LedgerKeeper();
  LedgerKeeper(const LedgerKeeper&) = delete;
  LedgerKeeper& operator=(const LedgerKeeper&) = delete;

  /// The ledger, or null while it is closed. It stays open as long as the lease is held: for one
  /// answer, not for a wait on the client.
  std::shared_ptr<OpenLedger> lease() const;
  /// Told of every fault. From any thread; when it returns, nothing is taken or acknowledged.
  void note(storage::Fault fault);
  /// Like Ingestor::submit(); `store_unavailable` while there is trouble().
  ledger::Result<void> submit(std::unique_ptr<ingest::Submission>& submission) const;
  /// Like Ingestor::check(); `store_unavailable` while there is trouble().
  ledger::Result<void> check(const std::string& sender, std::size_t items) const;

  /// Ceilings of further years: the ledger is opened anew with them, which takes as long as after a
  /// fault. Items that come meanwhile get `store_unavailable`.
  void use_ceilings(std::map<int, ledger::AnnualCeiling> ceilings);

  const storage::KeyRing& keys() const { return *options_.keys; }
  std::filesystem::path keys_folder() const {
    return options_.keys_folder.empty() ? options_.folder / "keys" : options_.keys_folder;
  }
  /// Why no items are taken; empty while they are.
  std::string trouble() const;
  std::uint64_t recoveries() const;
  /// What all ingestors have done since the start.
  ingest::IngestFigures figures() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void recover();
  bool take_items_again(storage::Fault& fault);
  void open(storage::OpenMode mode);
  bool try_open(storage::OpenMode mode);
  void close(const std::string& reason);
  void discard_state(const std::string& reason);
  std::shared_ptr<ingest::Ingestor> lease_to_write() const;
  void answer(std::vector<std::unique_ptr<ingest::Submission>> submissions);
  void refuse_after_fault(std::vector<std::unique_ptr<ingest::Submission>>& submissions) const;
  void take_noted(storage::Fault& fault);
  void set_trouble(const std::string& reason);
  void report_replay(ledger::Position at, ledger::Position end);
  bool pause(Clock::duration duration);
  bool is_stopping() const;

  storage::LedgerOptions options_;
  const Listeners listeners_;
  std::atomic<ledger::Position> announced_event_{ledger::Position{}};
  ingest::Ingestor::Options ingest_options_;
  Jobs& jobs_;

  // Of the thread that opens and closes: the constructor's, then run().
  std::unique_ptr<OpenLedger> open_;
  std::future<void> released_;  // when the last lease has been given back
  Clock::time_point taking_items_since_;
  Clock::duration delay_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<OpenLedger> lease_;  // counts who uses open_, and owns nothing
  bool is_stopping_ = false;
  std::optional<storage::Fault> noted_;  // the gravest since the files were opened
  std::string trouble_;                  // not empty: nothing is taken or acknowledged
  std::string progress_;                 // of the journal that is being applied again
  std::uint64_t recoveries_ = 0;
  std::optional<std::map<int, ledger::AnnualCeiling>> new_ceilings_;  // since it was opened
  ingest::IngestFigures figures_;  // of ingestors that have ended
  std::thread thread_;
};

}  // namespace api
