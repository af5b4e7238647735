#include "tests/sim/simulator.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "ingest/writer/group_writer.h"
#include "tests/sim/check.h"
#include "tests/sim/checkers.h"
#include "tests/sim/oracle.h"
#include "tests/sim/snapshot.h"
#include "tests/sim/workload.h"
#include "tests/support/prng.h"

namespace sim {
namespace {

using ledger::Disposition;
using ledger::Outcome;
using ledger::Position;
using ledger::RulePack;

/// Where an event is counted in Figures::told.
std::size_t told_index(const ingest::ParsedEvent& event) {
  const auto* const person = std::get_if<ledger::PersonEvent>(&event);
  return person == nullptr ? 0 : static_cast<std::size_t>(person->type);
}

/// The journal, the last snapshot and the clients survive a crash; the process does not.
class Simulator {
 public:
  explicit Simulator(const Options& options)
      : options_(options),
        prng_(ledger::test::Prng::mix(options.seed + 2)),
        workload_(options),
        rules_(rule_pack_of(options.ceilings(false))),
        settings_{options.are_practices_required && options.registry_percent != 0},
        oracle_(make_oracle(options)) {
    start();
  }

  Result run() {
    while (workload_.sent_items() < options_.items) {
      step();
      if (happens(options_.crash_per_mille)) {
        ++figures_.crashes;
        restart();
      }
    }
    heal();
    check_end();
    figures_.runs = 1;
    for (const ledger::Event& event : store_->events()) {
      ++figures_.events[static_cast<std::size_t>(event.type)];
    }
    return {figures_, checksum_of(*store_).hex()};
  }

 private:
  struct Built {
    ingest::PendingGroup pending;
    std::optional<Snapshot> snapshot;  ///< of the state after it, once it is durable
  };

  bool happens(std::uint64_t per_mille) { return !is_healed_ && prng_.chance(per_mille, 1'000); }

  void step() {
    if (prng_.chance(options_.send_percent, 100)) {
      send();
    } else if (is_commit_due()) {
      commit();
    } else if (!waiting_.empty() && built_.size() < options_.built_groups_max) {
      build();
    }
  }

  bool is_commit_due() {
    if (built_.empty()) return false;
    const bool is_blocked = waiting_.empty() || built_.size() == options_.built_groups_max;
    return is_blocked || prng_.chance(options_.commit_percent, 100);
  }

  /// The virtual clock goes on with the work.
  ledger::Instant now() {
    const std::uint64_t span = options_.span_days * 86'400;
    std::uint64_t passed = span * workload_.sent_items() / options_.items;
    if (happens(options_.clock_back_per_mille)) passed -= std::min(passed, prng_.below(86'400));
    return {options_.start_seconds + static_cast<std::int64_t>(passed),
            prng_.chance(1, 2) ? 0 : static_cast<std::int32_t>(prng_.below(1'000'000'000))};
  }

  void send() {
    auto request = workload_.send(now());
    if (request == nullptr) return;
    const bool is_sent_twice = happens(options_.sent_twice_per_mille);
    if (is_sent_twice) waiting_.push_back(Workload::copy_of(*request));
    waiting_.push_back(std::move(request));
  }

  void build() {
    Built built;
    std::size_t items = 0;
    do {
      items += waiting_.front()->items.size();
      built.pending.submissions.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    } while (!waiting_.empty() && items + waiting_.front()->items.size() <= group_items_max());

    const bool is_faulty = happens(options_.failed_read_per_mille);
    if (is_faulty) store_->fail_after(prng_.below(3 * items));
    queries_.clear();
    if (!writer_->build(built.pending, now())) {
      check(is_faulty, "a group can be built when no read fails");
      ++figures_.failed_reads;
      store_->abandon();
      give_up(built.pending);
      // A group that is on its way to the disk is still committed; those behind it are not.
      if (!built_.empty() && prng_.chance(1, 2)) commit();
      restart();
      return;
    }
    store_->stop_failing();
    check_queries_are_noted(built.pending);
    for (const ledger::Entry& entry : built.pending.group.entries) {
      if (const auto* const item = item_of(entry)) changed_.insert(item->person);
      if (const auto* const event = std::get_if<ledger::PersonEntry>(&entry)) {
        changed_.insert(event->person);
      }
    }
    if (happens(options_.snapshot_per_mille)) {
      built.snapshot = Snapshot{*store_, rules_, built.pending.group.next_position()};
    }
    built_.push_back(std::move(built));
  }

  std::size_t group_items_max() const {
    return std::min<std::size_t>(options_.group_items_max, ingest::group_items_max);
  }

  /// Some of the groups that wait, in one append.
  void commit() {
    const std::size_t count = 1 + prng_.below(built_.size());
    std::vector<ingest::PendingGroup> groups;
    std::optional<Snapshot> snapshot;  // the newest of theirs
    while (groups.size() < count) {
      Built& built = built_.front();
      groups.push_back(std::move(built.pending));
      if (built.snapshot) snapshot = std::move(built.snapshot);
      built_.pop_front();
    }
    if (happens(options_.append_lost_per_mille)) {
      journal_.fail_next(prng_.below(count));
      ++figures_.lost_appends;
    } else if (happens(options_.answer_lost_per_mille)) {
      journal_.fail_next(count);
      ++figures_.lost_answers;
    }
    const bool is_acknowledged = writer_->commit(groups).has_value();
    for (const ingest::PendingGroup& pending : groups) {
      const bool is_kept = pending.group.next_position() <= journal_.next_position();
      check(is_kept || !is_acknowledged, "an acknowledged group is in the journal");
      if (is_kept) compare(pending);
    }
    check(oracle_->next_position() == journal_.next_position(), "the journal has nothing else");
    if (!is_acknowledged) {
      store_->abandon();
      for (const ingest::PendingGroup& pending : groups) give_up(pending);
      restart();
      return;
    }
    for (const ingest::PendingGroup& pending : groups) {
      for (const auto& submission : pending.submissions) answer(*submission);
    }
    if (store_->is_abandoned()) return;
    store_->note_durable(groups.back().group.next_position());
    if (snapshot) snapshot_ = std::move(*snapshot);
    if (built_.empty()) check_changed();
  }

  /// What the journal now holds must be what the oracle says.
  void compare(const ingest::PendingGroup& pending) {
    ++figures_.groups;
    oracle_->begin_group();
    for (const auto& submission : pending.submissions) {
      check_outcomes(*submission, oracle_->submit(*submission, rules_));
      for (std::size_t i = 0; i < submission->items.size(); ++i) {
        count(submission->items[i], submission->outcomes[i]);
        if (submission->outcomes[i].disposition == Disposition::accepted) {
          accepted_.push_back({submission->items[i], rules_generation_});
        }
      }
    }
    check(oracle_->next_position() == pending.group.next_position(),
          "every accepted item has a position");
  }

  void count(const ingest::ParsedItem& sent, const Outcome& outcome) {
    ++figures_.items;
    switch (outcome.disposition) {
      case Disposition::accepted:
        ++figures_.accepted;
        if (sent.event) ++figures_.told[told_index(*sent.event)];
        break;
      case Disposition::duplicate:
        ++figures_.duplicates;
        break;
      case Disposition::rejected:
        ++figures_.rejected[static_cast<std::size_t>(outcome.rejection)];
        break;
    }
  }

  void answer(const ingest::Submission& submission) {
    if (happens(options_.unheard_per_mille)) {
      workload_.unanswered(submission);
      return;
    }
    workload_.answered(submission);
    for (std::size_t i = 0; i < submission.items.size(); ++i) {
      const Outcome& outcome = submission.outcomes[i];
      if (outcome.disposition == Disposition::rejected) continue;
      acknowledgements_.push_back(acknowledgement_of(submission.items[i], outcome));
    }
  }

  void give_up(const ingest::PendingGroup& pending) {
    for (const auto& submission : pending.submissions) workload_.unanswered(*submission);
  }

  /// The process is gone, with all that was in its memory; another one starts.
  void restart() {
    for (const Built& built : built_) give_up(built.pending);
    built_.clear();
    for (const auto& submission : waiting_) workload_.unanswered(*submission);
    waiting_.clear();
    if (happens(options_.new_rules_per_mille) && rules_generation_ == 0) {
      rules_ = rule_pack_of(options_.ceilings(true));
      rules_generation_ = 1;
    }
    start();
    // What was built but not kept must have left nothing behind.
    check_changed();
    if (prng_.chance(1, 8)) oracle_->check_state(*store_);
  }

  void start() {
    Snapshot recovered = snapshot_;
    replay(journal_, recovered, figures_.replayed);
    if (options_.snapshot_per_mille != 0 && prng_.chance(1, 2)) snapshot_ = recovered;
    store_ = std::make_unique<FaultyStore>(std::move(recovered.state));
    const bool are_rules_new = recovered.rules.hash() != rules_.hash();
    writer_ = std::make_unique<ingest::GroupWriter>(
        *store_, journal_, rules_, are_rules_new,
        [this](const ingest::Submission&, const ingest::ParsedItem& asking,
               std::optional<bool> exempt) {
          queries_.emplace_back(&asking, exempt);
          return ledger::ok();
        },
        settings_);
  }

  /// No more faults: everybody gets an answer within a bounded number of steps.
  void heal() {
    is_healed_ = true;
    restart();
    for (std::uint64_t steps = 0; !workload_.is_done() || !waiting_.empty() || !built_.empty();) {
      step();
      check(++steps < 1'000 + 100 * options_.items, "without faults everything is answered");
    }
  }

  void check_changed() {
    for (const ledger::PersonId person : changed_) oracle_->check_person(person, *store_);
    changed_.clear();
  }

  /// An exemption by card asks about a person, which has to be logged with what is answered.
  void check_queries_are_noted(const ingest::PendingGroup& pending) const {
    auto next = queries_.begin();
    for (const auto& submission : pending.submissions) {
      for (std::size_t i = 0; i < submission->items.size(); ++i) {
        const ingest::ParsedItem& parsed = submission->items[i];
        const Outcome& outcome = submission->outcomes[i];
        const bool is_noted = next != queries_.end() && next->first == &parsed;
        const bool is_asking = parsed.refusal == ledger::Code::none &&
                               parsed.item.type == ledger::ItemType::copayment &&
                               parsed.item.exemption == 'F';
        if (is_asking && outcome.disposition == Disposition::accepted) {
          check(is_noted && next->second == outcome.verdict.exempt, "a card shown is noted");
        } else if (is_asking && outcome.rejection == ledger::Code::no_card_registered) {
          check(is_noted && next->second == false, "a card missed is noted");
        } else if (is_asking && outcome.rejection == ledger::Code::atomic_aborted) {
          check(!is_noted || !next->second, "what is aborted tells nothing");
        } else {
          check(!is_noted, "nothing else is noted");
        }
        if (is_noted) ++next;
      }
    }
    check(next == queries_.end(), "each query is noted once, in order");
  }

  void check_end() {
    oracle_->check_state(*store_);
    journal_.check_chain();
    oracle_->check_journal(journal_);
    check_acknowledged(acknowledgements_, journal_);
    Snapshot from_nothing;
    std::uint64_t entries = 0;
    replay(journal_, from_nothing, entries);
    check(entries == figures_.accepted, "the journal holds what was accepted");
    check_same(from_nothing.state, *store_);
    const RulePack rules[] = {rule_pack_of(options_.ceilings(false)),
                              rule_pack_of(options_.ceilings(true))};
    check(checksum_one_by_one(accepted_, rules, settings_) == checksum_of(*store_),
          "the same items, never interrupted, give the same checksum");
  }

  const Options& options_;
  ledger::test::Prng prng_;
  Figures figures_;
  bool is_healed_ = false;

  // What survives.
  Workload workload_;
  FaultyJournal journal_;
  Snapshot snapshot_;
  RulePack rules_;
  std::size_t rules_generation_ = 0;
  const ledger::LedgerSettings settings_;

  // The oracle.
  std::unique_ptr<Oracle> oracle_;
  std::vector<Acknowledgement> acknowledgements_;
  std::vector<Accepted> accepted_;

  // The process.
  std::unique_ptr<FaultyStore> store_;
  std::unique_ptr<ingest::GroupWriter> writer_;
  std::deque<std::unique_ptr<ingest::Submission>> waiting_;
  std::deque<Built> built_;
  std::vector<std::pair<const ingest::ParsedItem*, std::optional<bool>>> queries_;  // of the group
  std::set<ledger::PersonId> changed_;  // since the last check
};

}  // namespace

void Figures::add(const Figures& other) {
  runs += other.runs;
  items += other.items;
  accepted += other.accepted;
  duplicates += other.duplicates;
  for (std::size_t i = 0; i < rejected.size(); ++i) rejected[i] += other.rejected[i];
  groups += other.groups;
  for (std::size_t i = 0; i < told.size(); ++i) told[i] += other.told[i];
  for (std::size_t i = 0; i < events.size(); ++i) events[i] += other.events[i];
  crashes += other.crashes;
  lost_appends += other.lost_appends;
  lost_answers += other.lost_answers;
  failed_reads += other.failed_reads;
  replayed += other.replayed;
}

std::string Figures::text() const {
  std::ostringstream out;
  out << "runs=" << runs << " items=" << items << " accepted=" << accepted
      << " duplicates=" << duplicates << " groups=" << groups << " crashes=" << crashes
      << " lost_appends=" << lost_appends << " lost_answers=" << lost_answers
      << " failed_reads=" << failed_reads << " replayed=" << replayed;
  if (told[0] != 0) out << " practice=" << told[0];
  for (std::size_t i = 1; i < told.size(); ++i) {
    if (told[i] != 0)
      out << ' ' << name_of(static_cast<ledger::PersonEventType>(i)) << '=' << told[i];
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i] != 0)
      out << ' ' << name_of(static_cast<ledger::EventType>(i)) << '=' << events[i];
  }
  for (std::size_t i = 0; i < rejected.size(); ++i) {
    if (rejected[i] != 0) out << ' ' << name_of(static_cast<ledger::Code>(i)) << '=' << rejected[i];
  }
  return out.str();
}

Result simulate(const Options& options) { return Simulator(options).run(); }

}  // namespace sim
