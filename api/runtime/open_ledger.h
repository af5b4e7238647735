#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/http/http_message.h"
#include "api/runtime/access_log_heads.h"
#include "api/runtime/repeated_task.h"
#include "ingest/writer/ingestor.h"
#include "storage/closing/reconciliation.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// The ledger as it has been opened once: the ledger, and the ingestor that writes to it; none when
/// it is read-only. After a fault it is closed and another takes its place: see LedgerKeeper.
class OpenLedger {
 public:
  /// Throws what LedgerFiles throws.
  OpenLedger(const storage::LedgerOptions& options, ingest::Ingestor::Deliver deliver,
             ingest::Ingestor::Options ingest_options);

  storage::LedgerFiles& files() { return files_; }
  bool is_read_only() const { return ingestor_ == nullptr; }

  /// What takes submissions; null when read-only.
  ingest::Ingestor* ingestor() const { return ingestor_.get(); }
  /// Like Ingestor::when_durable().
  void when_durable(ledger::Position next_position,
                    std::function<void(boost::system::error_code)> ready);
  /// Blocks until the journal holds the group or item at this position. For worker threads.
  boost::system::error_code wait_durable(ledger::Position position);
  bool is_durable(ledger::Position position) const {
    return position < files_.journal().next_position();
  }

  /// Like Ingestor::between_groups(). Read-only nothing is written, and several may run at once:
  /// `task` only reads.
  void between_groups(const std::function<void()>& task);

  /// Logs a query about a person: `record` says what was asked and answered, the request who asks;
  /// an error means that it must not be answered.
  ledger::Result<void> note_access(storage::AccessRecord record, const Request& request);

  /// Puts into the journal what somebody has the ledger do with itself. `by` must not name a person
  /// by number. From a thread that may wait. Throws std::runtime_error when the journal takes
  /// nothing.
  void note_act(std::string_view by, std::string_view act, std::string_view of);

  // For background work, on a ledger that is not read-only.
  /// What a reconciliation of a year works on, while the ledger takes submissions.
  storage::ReconciliationSource reconciliation_source(int year);
  /// Like Ingestor::append().
  ledger::Result<ledger::Position> append(ledger::Entry note);
  /// Brings everything that the state knows now into its files, and waits until it is there. Throws
  /// std::runtime_error.
  void hand_over_state();

  ingest::IngestFigures figures() const;
  /// Refuses new submissions, and answers those it has.
  void stop();

 private:
  /// Everything that the state knows now, as files: copied into a new folder. Waits until it is
  /// durable. Throws std::runtime_error.
  void copy_state(const std::filesystem::path& folder);
  ledger::Result<void> add_access(storage::AccessRecord record, ledger::Asker asker,
                                  std::string_view correlation_id);
  void change_signing_key();
  void note_made_keys();

  storage::LedgerFiles files_;
  std::unique_ptr<ingest::Ingestor> ingestor_;
  // End before the ingestor.
  std::unique_ptr<AccessLogHeads> access_log_heads_;
  std::set<std::string> seen_keys_;  // of key_changes_ alone, which ends before it
  std::unique_ptr<RepeatedTask> key_changes_;
};

}  // namespace api
