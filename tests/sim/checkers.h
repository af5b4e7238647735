#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/records/ledger_settings.h"
#include "tests/sim/checksum.h"
#include "tests/sim/faulty_journal.h"
#include "tests/sim/model.h"
#include "tests/support/memory_store.h"

namespace sim {

// Each throws CheckFailed, with a description, when the product broke a promise.

/// The answers are those that the oracle gives.
void check_outcomes(const ingest::Submission& submission,
                    const std::vector<ledger::Outcome>& expected);

/// All years of this person: sum, days, card, and refund lines that make up the excess.
void check_person(ledger::PersonId person, const Model& model,
                  const ledger::test::MemoryStore& store);

/// Everything: nothing is missing, different or too much in registrations, persons, accounts,
/// timeliness and tallies, and the events tell of every card and refund line once.
void check_state(const Model& model, const ledger::test::MemoryStore& store);

/// Timeliness and tallies are those.
void check_timeliness(const std::map<Model::MonthKey, std::vector<std::uint32_t>>& lags,
                      const std::map<Model::TallyKey, std::uint64_t>& tallies,
                      const ledger::test::MemoryStore& store);

/// The two states are the same, row for row.
void check_same(const ledger::test::MemoryStore& a, const ledger::test::MemoryStore& b);

/// An item or event that a client was told is accepted or a duplicate.
struct Acknowledgement {
  ledger::Position position;
  std::optional<ledger::ItemType> type;  ///< nothing: an event of a registry
  ledger::Guid guid;                     ///< or the id of the event
};

Acknowledgement acknowledgement_of(const ingest::ParsedItem& parsed,
                                   const ledger::Outcome& outcome);

/// The journal holds no item and no event twice, and each acknowledged one at its place.
void check_acknowledged(const std::vector<Acknowledgement>& acknowledgements,
                        const FaultyJournal& journal);

/// An item or event that was accepted, and under which of several rules.
struct Accepted {
  ingest::ParsedItem sent;
  std::size_t rules = 0;
};

/// The checksum when these are sent once, in the same order, one at a time to a new ledger.
storage::SetHash checksum_one_by_one(std::span<const Accepted> accepted,
                                     std::span<const ledger::RulePack> rules,
                                     ledger::LedgerSettings settings);

}  // namespace sim
