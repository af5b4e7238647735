#include "storage/ledger_files/ledger_files.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "ledger/rules/ledger.h"
#include "storage/bytes/format.h"
#include "storage/files/files.h"
#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::CommitGroup;
using ledger::Result;

/// Positions of the journal that are kept in memory when nothing can be handed over: more than what
/// ever waits for a hand-over, and less than what memory holds.
constexpr std::uint64_t read_only_tail_max = 4'000'000;

fs::path create_folder(const fs::path& folder) {
  if (fs::create_directories(folder)) sync_folder(real_path(folder).parent_path());
  return folder;
}

/// A torn write, which nobody was answered, is cut off. What the state has applied was whole.
RocksDbJournal open_journal(const LedgerOptions& options, SigningKeys& signing) {
  const fs::path folder = create_folder(options.folder / "journal");
  const auto open = [&] {
    return RocksDbJournal(folder, signing, options.journal, options.mode, options.note_fault);
  };
  try {
    return open();
  } catch (const DamagedJournal&) {
    if (options.mode == OpenMode::read_only) throw;
    const ledger::Position applied =
        StateStore(options.folder / "state", options.state).head().next_position;
    if (!cut_torn_write(folder, applied, options.journal)) throw;
  }
  return open();
}

/// On the same file system as the journal. A ledger has a log from its beginning: who lost it shall
/// know, and not get an empty one.
AccessLogOptions access_log_options(const LedgerOptions& options, const RocksDbJournal& journal) {
  AccessLogOptions made;
  made.folder = options.folder / "access-log";
  made.env = options.journal.env;
  rocksdb::Env* const env = made.env == nullptr ? rocksdb::Env::Default() : made.env;
  const bool is_there = env->FileExists(made.folder.string()).ok();
  if (journal.next_position() > ledger::Position{1} && !is_there) {
    throw std::runtime_error(
        "the access log, " + made.folder.string() +
        ", is missing; remedy: take that folder from a backup, or, when there is none, make an "
        "empty one: verify goes on to name what was lost");
  }
  made.buffer = options.access_log_buffer;
  made.write_buffer_bytes = options.journal.write_buffer_bytes;
  return made;
}

/// New keys are made for a new ledger only: under others, everybody it knows would be a new person.
std::shared_ptr<const KeyRing> open_keys(const LedgerOptions& options, const fs::path& folder) {
  if (options.keys) return options.keys;
  if (!has_ledger(options.folder)) {
    return std::make_shared<KeyRing>(KeyRing::open_or_create(folder));
  }
  if (!fs::exists(folder)) {
    throw std::runtime_error("there are no keys in " + folder.string() +
                             "; remedy: name their folder with --keys, or restore them");
  }
  return std::make_shared<KeyRing>(KeyRing::open(folder));
}

ledger::RulePack rule_pack_of(const std::map<int, ledger::AnnualCeiling>& ceilings) {
  return {ceilings, sha256(ledger::RulePack::canonical_text(ceilings))};
}

/// The configured ceilings may add years to those that the journal knows, not change one: what was
/// decided under the old amount would no longer be explained.
void refuse_changed_years(const std::map<int, ledger::AnnualCeiling>& known,
                          const ledger::RulePack& configured) {
  for (const auto& [year, ceiling] : known) {
    if (configured.ceiling_of(year) == ceiling.amount) continue;
    const std::string kroner = std::to_string(ceiling.amount.ore() / 100) + " kroner";
    if (!configured.ceiling_of(year)) {
      throw std::runtime_error("this ledger has used a ceiling of " + std::to_string(year) + ", " +
                               kroner + ", that neither the program nor the configuration has; " +
                               "remedy: pass the configuration file that has it with --config");
    }
    throw std::runtime_error("the configured ceiling of " + std::to_string(year) +
                             " is not the one this ledger has used, " + kroner +
                             "; remedy: configure that amount, or only add years");
  }
}

/// The journal keeps the rules as text: what does not come back from it the same must not get in.
ledger::RulePack configured_rules(const std::map<int, ledger::AnnualCeiling>& ceilings) {
  for (const auto& [year, ceiling] : ceilings) {
    const std::string fault = ledger::fault_of_ceiling(year, ceiling);
    if (!fault.empty()) throw std::runtime_error(fault);
  }
  return rule_pack_of(ceilings);
}

/// Applies groups of the journal to the state again.
class Replayer {
 public:
  Replayer(StateStore& state, const ledger::EntryLog& log, ledger::RulePack rules)
      : state_(state), log_(log), rules_(std::move(rules)) {}

  Result<void> apply(const CommitGroup& group) {
    if (group.new_rules) rules_ = rule_pack_of(*group.new_rules);
    state_.begin_group(group.position);
    ledger::Ledger ledger(state_, rules_, log_);
    const std::span<const ledger::Entry> entries(group.entries);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i % ledger::lookups_max == 0) {
        ledger.expect(entries.subspan(i, std::min(ledger::lookups_max, entries.size() - i)));
      }
      const auto replayed = ledger.replay(entries[i]);
      if (!replayed) return replayed.error();
    }
    for (const ledger::Tally& tally : group.tallies) {
      const auto recorded = state_.record_tally(tally);
      if (!recorded) return recorded.error();
    }
    state_.finish_group(group);
    return ledger::ok();
  }

 private:
  StateStore& state_;
  const ledger::EntryLog& log_;
  ledger::RulePack rules_;
};

}  // namespace

bool has_ledger(const fs::path& folder) {
  return fs::exists(folder / "journal" / "CURRENT") || fs::exists(folder / "state" / "CURRENT");
}

LedgerFiles::LedgerFiles(const LedgerOptions& options)
    : folder_(create_folder(options.folder)),
      keys_folder_(options.keys_folder.empty() ? folder_ / "keys" : options.keys_folder),
      keys_(open_keys(options, keys_folder_)),
      journal_(open_journal(options, *keys_->signing)),
      access_log_(access_log_options(options, journal_), *keys_->signing, options.mode,
                  options.note_fault),
      state_(options.folder / "state", options.state, options.mode, options.note_fault),
      rules_(configured_rules(options.ceilings)),
      settings_(options.settings) {
  replay(options);
  const AppliedState head = state_.head();
  are_rules_new_ = head.rules != ledger::RulePack::canonical_text(rules_.ceilings());
  if (!head.rules.empty()) {
    const auto known = decode_rules(head.rules);
    if (!known) throw std::runtime_error("the rules in the journal are damaged");
    refuse_changed_years(known.value(), rules_);
  }
}

void LedgerFiles::replay(const LedgerOptions& options) {
  const AppliedState applied = state_.head();
  const ledger::Position end = journal_.next_position();
  if (applied.next_position > end) {
    throw DamagedJournal("the state is ahead of the journal: the journal has lost records");
  }
  if (options.mode == OpenMode::read_only &&
      end.value() - applied.next_position.value() > read_only_tail_max) {
    throw std::runtime_error(
        "the state lacks more of the journal than is kept in memory; remedy: let the folder be "
        "written, so that it can be handed over");
  }
  state_.note_durable(end);
  const auto known = decode_rules(applied.rules);
  if (!known) throw DamagedState("the rules in the state are damaged");
  Replayer replayer(state_, journal_, rule_pack_of(known.value()));
  auto next_report = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  ledger::Position at = applied.next_position;
  const auto replayed = journal_.replay(applied.next_position, [&](const CommitGroup& group) {
    at = group.position;
    if (options.on_replay && std::chrono::steady_clock::now() >= next_report) {
      options.on_replay(group.position, end);
      next_report += std::chrono::seconds{1};
    }
    return replayer.apply(group);
  });
  if (!replayed) {
    state_.abandon();  // what was applied of that group must not be handed over
    if (const std::string damage = state_.damage(); !damage.empty()) throw DamagedState(damage);
    throw std::runtime_error("the journal cannot be applied at position " +
                             std::to_string(at.value()) + ": " + replayed.error().message());
  }
  if (state_.head().next_position != end) {
    throw DamagedJournal("the journal ends before its last record");
  }
}

std::vector<PublicKey> LedgerFiles::public_keys() const {
  std::vector<PublicKey> keys{keys_->first};
  for (const ledger::KeyEntry& change : state_.keys()) keys.push_back(change.key);
  return keys;
}

void LedgerFiles::hand_over_state() {
  state_.begin_hand_over();
  if (state_.await_hand_over()) return;
  throw std::runtime_error("the state cannot be written to its files: " + state_.failure());
}

Result<void> LedgerFiles::check_files(const std::function<bool()>& stop) const {
  auto checked = journal_.check_files(stop);
  if (checked) checked = access_log_.check_files(stop);
  return checked ? state_.check_files(stop) : checked;
}

}  // namespace storage
