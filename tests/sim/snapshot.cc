#include "tests/sim/snapshot.h"

#include "ledger/rules/ledger.h"
#include "storage/crypto/crypto.h"
#include "tests/sim/check.h"

namespace sim {

ledger::RulePack rule_pack_of(const std::map<int, ledger::AnnualCeiling>& ceilings) {
  return {ceilings, storage::sha256(ledger::RulePack::canonical_text(ceilings))};
}

void replay(const FaultyJournal& journal, Snapshot& snapshot, std::uint64_t& entries) {
  const auto apply = [&](const ledger::CommitGroup& group) -> ledger::Result<void> {
    if (group.new_rules) snapshot.rules = rule_pack_of(*group.new_rules);
    check(group.rule_pack == snapshot.rules.hash(), "a group names the rules in force");
    snapshot.state.begin_group(group.position);
    ledger::Ledger ledger(snapshot.state, snapshot.rules, journal);
    for (const ledger::Entry& entry : group.entries) {
      const auto posted = ledger.replay(entry);
      if (!posted) return posted.error();
    }
    for (const ledger::Tally& tally : group.tallies) {
      const auto recorded = snapshot.state.record_tally(tally);
      if (!recorded) return recorded.error();
    }
    snapshot.state.finish_group(group);
    snapshot.next_position = group.next_position();
    entries += group.entries.size();
    return ledger::ok();
  };
  const auto replayed = journal.replay(snapshot.next_position, apply);
  check(replayed.has_value(), "the journal replays to the verdicts that it holds");
  check(snapshot.next_position == journal.next_position(), "a replay reaches the end");
}

}  // namespace sim
