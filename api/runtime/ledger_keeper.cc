#include "api/runtime/ledger_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "api/program/log.h"
#include "storage/files/files.h"

namespace api {
namespace {

namespace fs = std::filesystem;
using storage::Fault;
using storage::FaultKind;
using storage::OpenMode;

/// Between two attempts to take items again.
constexpr std::chrono::milliseconds delay_min{500};
constexpr std::chrono::milliseconds delay_max{5000};

/// A fault that comes back sooner than this is not met by opening the files again at once.
constexpr std::chrono::seconds healthy_time{30};

}  // namespace

LedgerKeeper::LedgerKeeper(storage::LedgerOptions options, Listeners listeners,
                           ingest::Ingestor::Options ingest_options, Jobs& jobs)
    : options_(std::move(options)),
      listeners_(std::move(listeners)),
      ingest_options_(std::move(ingest_options)),
      jobs_(jobs) {
  options_.access_log_buffer = std::make_shared<storage::AccessLogBuffer>();
  options_.note_fault = [this](Fault fault) { note(std::move(fault)); };
  // What no file has caused, nobody else tells.
  ingest_options_.note_failure = [this](const std::string& reason) {
    note({FaultKind::unwritable, reason});
  };
  options_.on_replay = [this, on_replay = options_.on_replay](ledger::Position at,
                                                              ledger::Position end) {
    report_replay(at, end);
    if (on_replay) on_replay(at, end);
  };
  try {
    try {
      open(OpenMode::read_write);
    } catch (const storage::DamagedState& damage) {
      discard_state(damage.what());
      noted_.reset();
      trouble_.clear();
      open(OpenMode::read_write);
    }
  } catch (const std::runtime_error& refusal) {
    try {
      storage::check_writable(options_.folder);
    } catch (const std::exception&) {
      note({FaultKind::unwritable, refusal.what()});
      try_open(OpenMode::read_only);
    }
    if (!open_) throw;
  }
  options_.keys = open_->files().shared_keys();
  thread_ = std::thread([this] { run(); });
}

LedgerKeeper::~LedgerKeeper() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  released_ = {};  // connections that were cut off may still hold theirs
  close("the service is stopping");
  if (const std::uint64_t lost = options_.access_log_buffer->size(); lost != 0) {
    log(LogLevel::error, "access_log_lost", {{"records", std::to_string(lost)}});
  }
}

std::shared_ptr<OpenLedger> LedgerKeeper::lease() const {
  const std::lock_guard lock(mutex_);
  return lease_;
}

/// Null while nothing may be taken.
std::shared_ptr<ingest::Ingestor> LedgerKeeper::lease_to_write() const {
  const std::lock_guard lock(mutex_);
  if (!trouble_.empty() || !lease_) return nullptr;
  return {lease_, lease_->ingestor()};
}

ledger::Result<void> LedgerKeeper::submit(std::unique_ptr<ingest::Submission>& submission) const {
  const auto ingestor = lease_to_write();
  if (!ingestor) return ledger::Errc::store_unavailable;
  return ingestor->submit(submission);
}

ledger::Result<void> LedgerKeeper::check(const std::string& sender, std::size_t items) const {
  const auto ingestor = lease_to_write();
  if (!ingestor) return ledger::Errc::store_unavailable;
  return ingestor->check(sender, items);
}

void LedgerKeeper::answer(std::vector<std::unique_ptr<ingest::Submission>> submissions) {
  refuse_after_fault(submissions);
  listeners_.deliver(std::move(submissions));
  const auto open = lease();
  if (!open) return;
  const ledger::Position newest = open->files().state().newest_event();
  if (announced_event_.exchange(newest) != newest) listeners_.on_events();
}

/// What a faulty ledger has decided and written is not acknowledged: its outcome is unknown until
/// the ledger has been opened again.
void LedgerKeeper::refuse_after_fault(
    std::vector<std::unique_ptr<ingest::Submission>>& submissions) const {
  const std::lock_guard lock(mutex_);
  if (trouble_.empty()) return;
  for (const auto& submission : submissions) {
    if (!submission->error) submission->error = ledger::Errc::store_unavailable;
  }
}

std::string LedgerKeeper::trouble() const {
  const std::lock_guard lock(mutex_);
  return progress_.empty() ? trouble_ : progress_;
}

std::uint64_t LedgerKeeper::recoveries() const {
  const std::lock_guard lock(mutex_);
  return recoveries_;
}

ingest::IngestFigures LedgerKeeper::figures() const {
  const auto open = lease();
  const std::lock_guard lock(mutex_);
  ingest::IngestFigures figures = figures_;
  if (open) figures += open->figures();
  return figures;
}

void LedgerKeeper::use_ceilings(std::map<int, ledger::AnnualCeiling> ceilings) {
  {
    const std::lock_guard lock(mutex_);
    new_ceilings_ = std::move(ceilings);
  }
  note({FaultKind::unwritable, "the ledger is opened anew with the ceilings of further years"});
}

// ---- faults ----

void LedgerKeeper::note(Fault fault) {
  {
    const std::lock_guard lock(mutex_);
    if (trouble_.empty()) trouble_ = fault.reason;
    if (noted_ && noted_->kind >= fault.kind) return;
    noted_ = std::move(fault);
  }
  changed_.notify_all();
}

/// What has been noted meanwhile, when it is graver.
void LedgerKeeper::take_noted(Fault& fault) {
  const std::lock_guard lock(mutex_);
  if (noted_ && noted_->kind > fault.kind) {
    fault = *noted_;
    trouble_ = fault.reason;
  }
}

void LedgerKeeper::set_trouble(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    progress_.clear();
    if (trouble_ == reason) return;
    trouble_ = reason;
  }
  log(LogLevel::error, "writes_refused", {{"reason", reason}});
}

// ---- the thread ----

void LedgerKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    if (!noted_) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    try {
      recover();
    } catch (const std::exception& exception) {
      set_trouble(exception.what());
      pause(delay_min);
    }
    lock.lock();
  }
}

void LedgerKeeper::recover() {
  const auto begin = Clock::now();
  Fault fault;
  {
    const std::lock_guard lock(mutex_);
    fault = *noted_;
  }
  log(LogLevel::error, "writes_refused", {{"reason", fault.reason}});
  const bool was_open = open_ && !open_->is_read_only();
  const bool was_healthy = was_open && begin - taking_items_since_ >= healthy_time;
  delay_ = was_healthy ? Clock::duration{0} : std::max<Clock::duration>(delay_, delay_min);
  if (was_open) close(fault.reason);
  for (;;) {
    const bool is_read_meanwhile =
        delay_ != Clock::duration{0} || fault.kind == FaultKind::unreadable;
    if (is_read_meanwhile && !open_) try_open(OpenMode::read_only);
    if (pause(delay_)) return;
    delay_ = std::clamp<Clock::duration>(2 * delay_, delay_min, delay_max);
    take_noted(fault);
    // Nothing but a restored backup helps; what can be read goes on being read.
    if (fault.kind == FaultKind::journal_damaged) continue;
    if (take_items_again(fault)) break;
  }
  const std::chrono::duration<double> taken = Clock::now() - begin;
  log(LogLevel::info, "service_recovered", {{"seconds", fmt::format("{:.1f}", taken.count())}});
}

/// Opens the ledger read-write if its folder is fit for it.
bool LedgerKeeper::take_items_again(Fault& fault) {
  try {
    storage::check_writable(options_.folder);
    storage::check_writable(options_.folder / "journal");
    storage::check_writable(options_.folder / "access-log");
    // What cannot be read is noted, and may turn out to be damaged.
    const auto stop = [this] { return is_stopping(); };
    if (fault.kind == FaultKind::unreadable && (!open_ || !open_->files().check_files(stop))) {
      return false;
    }
    close(fault.reason);
    if (fault.kind == FaultKind::state_damaged) {
      discard_state(fault.reason);
      fault.kind = FaultKind::unwritable;
    }
  } catch (const std::exception& exception) {
    set_trouble(exception.what());
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    noted_.reset();
    if (new_ceilings_) options_.ceilings = *std::exchange(new_ceilings_, std::nullopt);
  }
  if (!try_open(OpenMode::read_write)) return false;
  const std::lock_guard lock(mutex_);
  ++recoveries_;
  trouble_ = noted_ ? noted_->reason : std::string();
  return true;
}

// ---- opening and closing ----

void LedgerKeeper::open(OpenMode mode) {
  options_.mode = mode;
  open_ = std::make_unique<OpenLedger>(
      options_, [this](auto submissions) { answer(std::move(submissions)); }, ingest_options_);
  if (mode == OpenMode::read_write) {
    jobs_.resume();
    taking_items_since_ = Clock::now();
  }
  const auto released = std::make_shared<std::promise<void>>();
  released_ = released->get_future();
  const std::lock_guard lock(mutex_);
  progress_.clear();
  lease_ =
      std::shared_ptr<OpenLedger>(open_.get(), [released](OpenLedger*) { released->set_value(); });
}

/// False when it cannot be opened now; damage is noted.
bool LedgerKeeper::try_open(OpenMode mode) {
  try {
    open(mode);
    return true;
  } catch (const storage::DamagedState& damage) {
    note({FaultKind::state_damaged, damage.what()});
    set_trouble(damage.what());
  } catch (const storage::DamagedJournal& damage) {
    note({FaultKind::journal_damaged, damage.what()});
    set_trouble(damage.what());
  } catch (const std::exception& exception) {
    set_trouble(exception.what());
  }
  return false;
}

/// Takes the ledger away from everybody, answers what it has, and closes its files.
void LedgerKeeper::close(const std::string& reason) {
  if (!open_) return;
  {
    std::shared_ptr<OpenLedger> ended;
    const std::lock_guard lock(mutex_);
    ended.swap(lease_);
    // The last lease is given back outside the lock.
  }
  jobs_.stop(reason);
  open_->stop();
  if (released_.valid()) released_.wait();
  {
    const std::lock_guard lock(mutex_);
    figures_ += open_->figures();
  }
  options_.journal.durable = open_->files().journal().next_position();
  open_.reset();
}

/// Removes the damaged state, which is then made again from the journal.
void LedgerKeeper::discard_state(const std::string& reason) {
  log(LogLevel::error, "state_damaged", {{"reason", reason}});
  const fs::path state = options_.folder / "state";
  const fs::path damaged = options_.folder / "state.damaged";
  // Renamed first: a state that is removed half must never be opened.
  fs::remove_all(damaged);
  if (!fs::exists(state)) return;  // somebody has removed it already
  fs::rename(state, damaged);
  storage::sync_folder(options_.folder);
  fs::remove_all(damaged);
}

void LedgerKeeper::report_replay(ledger::Position at, ledger::Position end) {
  log(LogLevel::info, "replaying",
      {{"position", std::to_string(at.value())}, {"end", std::to_string(end.value())}});
  const std::lock_guard lock(mutex_);
  if (is_stopping_) throw std::runtime_error("the service is stopping");
  progress_ =
      fmt::format("the journal is being applied again: position {} of {}", at.value(), end.value());
}

bool LedgerKeeper::pause(Clock::duration duration) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, duration, [this] { return is_stopping_; });
}

bool LedgerKeeper::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return is_stopping_;
}

}  // namespace api
