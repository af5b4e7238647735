#include "api/runtime/open_ledger.h"

#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "api/program/log.h"
#include "api/runtime/acts.h"
#include "api/runtime/asker.h"
#include "ingest/items/clock.h"
#include "storage/closing/publication.h"
#include "storage/closing/statement_files.h"
#include "storage/crypto/crypto.h"
#include "storage/keys/made_keys.h"

namespace api {
namespace {

/// Between two looks for other keys.
constexpr std::chrono::seconds key_look_interval{1};

/// What the journal calls it that a key was made.
constexpr std::string_view key_act = "key";

std::string maker_of(const storage::SigningKey& key, const std::filesystem::path& folder) {
  for (const storage::SigningKeyFile& file : storage::KeyRing::signing_key_files(folder)) {
    if (file.key == key.public_key() && !file.made_by.empty()) return file.made_by;
  }
  return "somebody";
}

void try_or_log(std::string_view failure, const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) {
    log(LogLevel::error, failure, {{"reason", error.what()}});
  }
}

}  // namespace

OpenLedger::OpenLedger(const storage::LedgerOptions& options, ingest::Ingestor::Deliver deliver,
                       ingest::Ingestor::Options ingest_options)
    : files_(options) {
  if (options.mode == storage::OpenMode::read_only) return;
  try_or_log("statement_not_in_place", [this] {
    storage::finish_publications(files_.folder(), storage::all_statements(files_));
  });
  const auto note_answer = [this](const ingest::Submission& submission,
                                  const ingest::ParsedItem& parsed, std::optional<bool> exempt) {
    const ledger::Item& item = parsed.item;
    return add_access(
        storage::AccessRecord::of_service(storage::AccessWhat::submission, item.person,
                                          item.service_type, oslo_date(item.service_time), exempt),
        submission.caller.asker, submission.correlation_id);
  };
  ingest_options.settings = files_.settings();
  ingestor_ = std::make_unique<ingest::Ingestor>(files_.state(), files_.journal(), files_.rules(),
                                                 files_.are_rules_new(), note_answer,
                                                 std::move(deliver), std::move(ingest_options));
  access_log_heads_ = std::make_unique<AccessLogHeads>(
      files_.access_log(), [this](ledger::Entry head) { return append(std::move(head)); });
  for (ledger::ActEntry& act :
       files_.state().newest_acts(std::numeric_limits<std::size_t>::max())) {
    if (act.act == key_act) seen_keys_.insert(std::move(act.of));
  }
  key_changes_ = std::make_unique<RepeatedTask>(key_look_interval, [this] {
    try_or_log("signing_key_not_changed", [this] { change_signing_key(); });
    try_or_log("keys_not_noted", [this] { note_made_keys(); });
  });
}

void OpenLedger::when_durable(ledger::Position next_position,
                              std::function<void(boost::system::error_code)> ready) {
  if (!is_read_only()) {
    ingestor_->when_durable(next_position, std::move(ready));
    return;
  }
  const bool is_reached = files_.journal().next_position() >= next_position;
  ready(is_reached ? boost::system::error_code()
                   : make_error_code(ledger::Errc::store_unavailable));
}

boost::system::error_code OpenLedger::wait_durable(ledger::Position position) {
  if (is_durable(position)) return {};
  std::mutex mutex;
  std::condition_variable changed;
  bool is_ready = false;
  boost::system::error_code outcome;
  when_durable(ledger::Position{position.value() + 1}, [&](boost::system::error_code error) {
    const std::lock_guard lock(mutex);
    outcome = error;
    is_ready = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return is_ready; });
  return outcome;
}

ledger::Result<void> OpenLedger::note_access(storage::AccessRecord record, const Request& request) {
  return add_access(std::move(record), asker_of(request, files_.keys().numbers),
                    request.correlation_id);
}

ledger::Result<void> OpenLedger::add_access(storage::AccessRecord record, ledger::Asker asker,
                                            std::string_view correlation_id) {
  record.time = ingest::now();
  record.asker = std::move(asker);
  record.correlation_id = ledger::parse_guid(correlation_id).value_or(ledger::Guid{});
  return files_.access_log().add(record);
}

void OpenLedger::between_groups(const std::function<void()>& task) {
  if (is_read_only()) {
    task();
  } else {
    ingestor_->between_groups(task);
  }
}

void OpenLedger::hand_over_state() {
  ingestor_->between_groups([this] { files_.state().begin_hand_over(); });
  const auto handed_over = files_.state().await_hand_over();
  if (!handed_over) throw std::runtime_error("the state cannot be written to its files");
}

void OpenLedger::copy_state(const std::filesystem::path& folder) {
  hand_over_state();
  files_.state().copy_files(folder);
}

void OpenLedger::note_act(std::string_view by, std::string_view act, std::string_view of) {
  const auto noted = append(act_now(by, act, of));
  if (!noted) throw std::runtime_error("the journal takes nothing: " + noted.error().message());
}

/// Keys that do not sign are used as soon as they are there; the journal says who had them made.
void OpenLedger::note_made_keys() {
  for (const storage::MadeKey& key : storage::made_keys(files_.keys_folder(), seen_keys_)) {
    if (!key.made_by.empty()) note_act(key.made_by, key_act, key.id);
    seen_keys_.insert(key.id);
  }
}

/// The keys that have come sign, one after another, each from the group on behind the one that
/// names it. A key that the journal does not take is tried again.
void OpenLedger::change_signing_key() {
  const storage::KeyRing& keys = files_.keys();
  keys.read_new_signing_keys(files_.keys_folder());
  while (const auto next = keys.signing->next()) {
    note_act(maker_of(*next, files_.keys_folder()), key_act, next->key_id());
    const auto text = storage::key_change_text(next->public_key());
    const auto changed = append(ledger::KeyEntry{
        {}, ingest::now(), next->public_key(), keys.signing->current()->sign(text)});
    if (!changed) return;
    log(LogLevel::info, "signing_key_changed", {{"keyId", next->key_id()}});
  }
}

ledger::Result<ledger::Position> OpenLedger::append(ledger::Entry note) {
  if (is_read_only()) return ledger::Errc::store_unavailable;
  return ingestor_->append(std::move(note));
}

storage::ReconciliationSource OpenLedger::reconciliation_source(int year) {
  return {files_.folder(),
          files_.journal(),
          files_.state().statements(year),
          [this](const ledger::StatementEntry& statement) { return append(statement); },
          *files_.keys().signing,
          files_.rules(),
          [this](const std::filesystem::path& folder) { copy_state(folder); },
          ingest::now()};
}

ingest::IngestFigures OpenLedger::figures() const {
  return is_read_only() ? ingest::IngestFigures() : ingestor_->figures();
}

void OpenLedger::stop() {
  if (is_read_only()) return;
  access_log_heads_->stop();
  key_changes_->stop();
  ingestor_->stop();
}

}  // namespace api
