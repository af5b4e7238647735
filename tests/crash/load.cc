#include "tests/crash/load.h"

#include <rocksdb/env.h>

#include <future>
#include <set>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "ingest/writer/group_writer.h"
#include "storage/ledger_files/ledger_files.h"
#include "storage/ledger_files/verify.h"
#include "storage/state/state_comparison.h"
#include "tests/crash/same_state.h"
#include "tests/sim/check.h"
#include "tests/sim/checkers.h"
#include "tests/sim/oracle.h"
#include "tests/sim/snapshot.h"
#include "tests/sim/workload.h"
#include "tests/storage/temp_folder.h"

namespace crash {
namespace {

namespace fs = std::filesystem;
using ledger::Disposition;
using ledger::Position;
using ledger::test::Prng;
using sim::check;
using sim::Kind;
using sim::RegistryKind;

sim::Options workload_of(const LoadOptions& options) {
  sim::Options made;
  made.seed = options.seed;
  made.items = options.items;
  made.clients = 4;
  made.practices = 3;
  made.persons = 60;
  made.hot_persons = 1 + options.items / 60;  // they cross the ceiling, and fall below it again
  made.hot_percent = 60;
  made.operator_percent = 50;
  made.request_items_max = 12;
  made.atomic_percent = 10;
  made.kinds.fill(1);
  made.kinds[static_cast<std::size_t>(Kind::copayment)] = 8;
  made.kinds[static_cast<std::size_t>(Kind::payment)] = 3;
  made.kinds[static_cast<std::size_t>(Kind::credit_note)] = 2;
  made.kinds[static_cast<std::size_t>(Kind::resend)] = 3;
  made.timings.fill(1);
  made.timings[static_cast<std::size_t>(sim::Timing::plain)] = 8;
  made.start_seconds = 1'730'000'000;  // late in October 2024
  made.span_days = 120;
  made.edge_percent = 5;
  made.large_request_percent = 1;
  made.registry_percent = 12;
  made.registry_kinds.fill(2);
  made.registry_kinds[static_cast<std::size_t>(RegistryKind::birth_date)] = 5;
  // More of them, and all would be one person in the end.
  made.registry_kinds[static_cast<std::size_t>(RegistryKind::merged)] = 1;
  made.registry_kinds[static_cast<std::size_t>(RegistryKind::number_changed)] = 1;
  made.child_percent = 50;
  return made;
}

/// The ledger as a process has it open.
struct Process {
  Process(const storage::LedgerOptions& options)
      : files(options),
        writer(files.state(), files.journal(), files.rules(), files.are_rules_new(),
               [this](const ingest::Submission&, const ingest::ParsedItem& parsed,
                      std::optional<bool> exempt) {
                 auto record = storage::AccessRecord::of_person(storage::AccessWhat::submission,
                                                                parsed.item.person);
                 record.answer = exempt;
                 return files.access_log().add(record);
               }) {}
  storage::LedgerFiles files;
  ingest::GroupWriter writer;
};

void ignore_progress(std::string_view, std::string_view, std::uint64_t, std::uint64_t) {}

class Load {
 public:
  Load(const LoadOptions& options, const fs::path& keys)
      : options_(options),
        workload_options_(workload_of(options)),
        workload_(workload_options_),
        rules_(sim::rule_pack_of(workload_options_.ceilings(false))),
        oracle_(sim::make_oracle(workload_options_)) {
    ledger_options_.folder = folder_ / "data";
    ledger_options_.keys_folder = keys;
    ledger_options_.ceilings = workload_options_.ceilings(false);
    ledger_options_.journal.write_buffer_bytes = options.journal_buffer_bytes;
    ledger_options_.state.hand_over_items = options.hand_over_items;
    ledger_options_.state.lookups_before_filter = 50;
    fs::create_directories(ledger_options_.folder);
  }

  LoadResult run(std::uint64_t cut_at) {
    Prng prng(Prng::mix(options_.seed) + cut_at);
    try {
      LoadResult result = run_until(cut_at, prng);
      check_end();
      result.items = answered_items_;
      return result;
    } catch (const std::exception& failure) {
      throw sim::CheckFailed(failure.what() + ("\n  " + story_));
    }
  }

 private:
  LoadResult run_until(std::uint64_t cut_at, Prng& prng) {
    LoadResult result;
    for (std::uint64_t cut = cut_at;; ++result.cuts) {
      const bool is_disturbed = cut != PowerCutFs::never;
      const auto disk = std::make_shared<PowerCutFs>(ledger_options_.folder, cut);
      const std::unique_ptr<rocksdb::Env> env = use(disk);
      take_items(*disk);
      if (result.cuts == 0) result.operations = disk->operations();
      if (!is_disturbed) return result;
      if (!disk->is_cut()) {
        if (result.cuts == 0) return result;
        cut = PowerCutFs::never;
        continue;
      }
      const Disk kept = Disk::draw(prng);
      disk->lose_power(kept, prng);
      story_ += "cut at operation " + std::to_string(cut) + ", " + disk->cut_operation() + ", " +
                kept.text() + "; ";
      const bool is_cut_again = result.cuts < 3 && prng.chance(1, 4);
      cut = is_cut_again ? 1 + prng.below(80) : PowerCutFs::never;
    }
  }

  std::unique_ptr<rocksdb::Env> use(const std::shared_ptr<PowerCutFs>& disk) {
    std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
    ledger_options_.journal.env = env.get();
    ledger_options_.state.env = env.get();
    return env;
  }

  /// Opens the ledger and takes items, until all are answered or the power goes. A failure is the
  /// power's, or a finding.
  void take_items(const PowerCutFs& disk) {
    std::optional<Process> process;
    try {
      process.emplace(ledger_options_);
    } catch (const std::exception& failure) {
      check_power(disk, std::string("does not open: ") + failure.what());
      return;
    }
    check_recovered(process->files);
    std::vector<ingest::PendingGroup> built;
    Prng prng(Prng::mix(options_.seed + 3) + answered_items_);
    while (!workload_.is_done()) {
      // Now and then more are built on the first, before that is durable, and share its sync or
      // not.
      const std::uint64_t groups = prng.chance(1, 4) ? 2 + prng.below(2) : 1;
      while (built.size() < groups) {
        ingest::PendingGroup pending = gather(prng);
        if (pending.submissions.empty()) break;
        const bool is_built = build(*process, pending, built);
        built.push_back(std::move(pending));
        if (!is_built) {
          check_power(disk, "a group cannot be built");
          return give_up(*process, std::move(built));
        }
      }
      while (!built.empty()) {
        if (prng.chance(1, 2)) await_quiet(disk);
        if (!commit(*process, built, 1 + prng.below(built.size()))) {
          check_power(disk, "groups cannot be committed");
          return give_up(*process, std::move(built));
        }
      }
      const std::string failure = process->files.state().failure();
      if (!failure.empty()) check_power(disk, failure);
    }
    try {
      process->files.hand_over_state();
    } catch (const std::exception& failure) {
      check_power(disk, failure.what());
    }
  }

  /// Builds a group on those that are not durable yet. When the state waits for a hand-over, and
  /// that for them, they are committed meanwhile, as the ingestor does.
  bool build(Process& process, ingest::PendingGroup& pending,
             std::vector<ingest::PendingGroup>& built) {
    const auto run = [&, at = now()] { return process.writer.build(pending, at).has_value(); };
    if (built.empty()) return run();
    std::future<bool> building = std::async(std::launch::async, run);
    while (building.wait_for(std::chrono::milliseconds{100}) != std::future_status::ready) {
      if (built.empty() || commit(process, built, built.size())) continue;
      process.files.state().abandon();
      building.get();
      return false;
    }
    return building.get();
  }

  /// The first few of the groups. When it fails they are `committing_`.
  bool commit(Process& process, std::vector<ingest::PendingGroup>& built, std::size_t count) {
    committing_ = count;
    const std::span together = std::span(built).first(count);
    if (!process.writer.commit(together)) return false;
    committing_ = 0;
    for (const ingest::PendingGroup& pending : together) {
      keep(pending);
      for (const auto& submission : pending.submissions) acknowledge(*submission);
    }
    process.files.state().note_durable(together.back().group.next_position());
    built.erase(built.begin(), built.begin() + static_cast<std::ptrdiff_t>(count));
    return true;
  }

  /// Until the disk has nothing to do: what may be handed over before the next commit, is.
  static void await_quiet(const PowerCutFs& disk) {
    std::uint64_t before = 0;
    do {
      before = disk.operations();
      std::this_thread::sleep_for(std::chrono::milliseconds{3});
    } while (disk.operations() != before);
  }

  static void check_power(const PowerCutFs& disk, const std::string& failure) {
    if (!disk.is_cut()) sim::fail("with the power on: " + failure);
  }

  ledger::Instant now() const {
    const std::uint64_t span = workload_options_.span_days * 86'400;
    return {workload_options_.start_seconds +
                static_cast<std::int64_t>(span * workload_.sent_items() / options_.items),
            0};
  }

  ingest::PendingGroup gather(Prng& prng) {
    ingest::PendingGroup pending;
    const std::uint64_t requests = 1 + prng.below(3);
    for (int tries = 0; tries < 50 && pending.submissions.size() < requests; ++tries) {
      auto request = workload_.send(now());
      if (request != nullptr) pending.submissions.push_back(std::move(request));
    }
    return pending;
  }

  /// The group is in the journal: the oracle takes it, too.
  void keep(const ingest::PendingGroup& pending) {
    oracle_->begin_group();
    for (const auto& submission : pending.submissions) {
      sim::check_outcomes(*submission, oracle_->submit(*submission, rules_));
      for (std::size_t i = 0; i < submission->items.size(); ++i) {
        if (submission->outcomes[i].disposition != Disposition::accepted) continue;
        accepted_.push_back({submission->items[i], 0});
      }
    }
    check(oracle_->next_position() == pending.group.next_position(),
          "every accepted item has a position");
  }

  void acknowledge(const ingest::Submission& submission) {
    workload_.answered(submission);
    answered_items_ += submission.items.size();
    for (std::size_t i = 0; i < submission.items.size(); ++i) {
      const ledger::Outcome& outcome = submission.outcomes[i];
      if (outcome.disposition == Disposition::rejected) continue;
      acknowledgements_.push_back(sim::acknowledgement_of(submission.items[i], outcome));
    }
  }

  /// Nobody of these groups is answered. Those that were being committed were on their way to the
  /// disk.
  void give_up(Process& process, std::vector<ingest::PendingGroup> built) {
    process.files.state().abandon();
    for (const ingest::PendingGroup& pending : built) {
      for (const auto& submission : pending.submissions) workload_.unanswered(*submission);
    }
    on_the_way_ = std::move(built);
    on_the_way_.resize(std::exchange(committing_, 0));
  }

  /// After a start: the journal has all that was acknowledged, the groups that were on their way
  /// all or none, and nothing else; and the state is what follows from it.
  void check_recovered(storage::LedgerFiles& files) {
    const Position end = files.journal().next_position();
    if (!on_the_way_.empty() && end == on_the_way_.back().group.next_position()) {
      for (const ingest::PendingGroup& pending : on_the_way_) keep(pending);
    }
    on_the_way_.clear();
    if (end != oracle_->next_position()) {
      sim::fail("the journal ends at " + std::to_string(end.value()) +
                ", what was acknowledged at " + std::to_string(oracle_->next_position().value()));
    }
    sim::FaultyJournal journal;
    const auto read = files.journal().for_each(
        Position{1}, [&](Position position, std::string_view bytes) -> ledger::Result<void> {
          journal.keep(position, bytes);
          return ledger::ok();
        });
    check(read.has_value(), "the journal can be read");
    journal.check_chain();
    sim::check_acknowledged(acknowledgements_, journal);
    sim::Snapshot replayed;
    std::uint64_t entries = 0;
    sim::replay(journal, replayed, entries);
    check(entries == accepted_.size(), "the journal holds what was accepted");
    oracle_->check_state(replayed.state);
    oracle_->check_journal(journal);
    checksum_ = sim::checksum_of(replayed.state).hex();
    check(checksum_ == files.state().head().totals.checksum.hex(),
          "the checksum of the state is that of what was accepted");
    check_same(files.state(), replayed.state);
  }

  /// All is answered, and the ledger closed: what is in its files.
  void check_end() {
    const fs::path state = ledger_options_.folder / "state";
    const fs::path kept_state = folder_ / "state";
    fs::rename(state, kept_state);
    const auto disk = std::make_shared<PowerCutFs>(ledger_options_.folder, PowerCutFs::never);
    const std::unique_ptr<rocksdb::Env> env = use(disk);
    {
      // The state is made again from nothing but the journal.
      storage::LedgerFiles files(ledger_options_);
      check_recovered(files);
      files.hand_over_state();
      storage::VerifyOptions verify;
      verify.folder = ledger_options_.folder;
      verify.public_key = files.keys().signing->current()->public_key();
      const storage::VerifyReport report = storage::verify_journal(verify);
      if (report.finding) sim::fail("verification: " + report.finding->what);
    }
    const auto compared = storage::compare_states(storage::StateReader(kept_state),
                                                  storage::StateReader(state), 1, ignore_progress);
    if (compared.difference_count != 0) {
      sim::fail("the stored state is not what the journal gives: " +
                std::string(storage::name_of(compared.differences.front().family)) + ' ' +
                compared.differences.front().key + ' ' + compared.differences.front().field);
    }
    check(compared.first_checksum.hex() == checksum_, "the rows have the checksum");
    check(sim::checksum_one_by_one(accepted_, {&rules_, 1}, {}).hex() == checksum_,
          "the same items on a disk that nothing happens to give the same checksum");
  }

  const LoadOptions& options_;
  const sim::Options workload_options_;
  const storage::test::TempFolder folder_;
  storage::LedgerOptions ledger_options_;
  std::string story_;  ///< of the cuts

  // The clients, and the oracle.
  sim::Workload workload_;
  const ledger::RulePack rules_;
  const std::unique_ptr<sim::Oracle> oracle_;
  std::vector<sim::Acknowledgement> acknowledgements_;
  std::vector<sim::Accepted> accepted_;
  std::uint64_t answered_items_ = 0;
  std::size_t committing_ = 0;                    // the first of the groups that are built
  std::vector<ingest::PendingGroup> on_the_way_;  // in one append, when the power went
  std::string checksum_;
};

}  // namespace

std::string LoadOptions::text() const {
  std::ostringstream out;
  out << "seed=" << seed << " items=" << items << " hand_over_items=" << hand_over_items
      << " journal_buffer_bytes=" << journal_buffer_bytes;
  return out.str();
}

LoadResult run_load(const LoadOptions& options, std::uint64_t cut_at, const fs::path& keys) {
  return Load(options, keys).run(cut_at);
}

}  // namespace crash
