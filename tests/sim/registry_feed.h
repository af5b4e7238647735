#pragma once

#include <optional>
#include <vector>

#include "ingest/items/item_parser.h"
#include "tests/sim/options.h"
#include "tests/support/prng.h"

namespace sim {

/// The event with another time of receipt; not before any day that it names.
ingest::ParsedItem received_again(const ingest::ParsedItem& parsed, ledger::Instant received);

/// The identifier of the workload's practice with this number: one is as another with a zero before
/// it.
ledger::PracticeId practice_of(std::uint64_t number);

/// The registries of persons and practices: makes events of all that the parser lets through. It
/// remembers what it told, so that resends, conflicts and changes back meet something.
class RegistryFeed {
 public:
  explicit RegistryFeed(const Options& options);

  /// Whether an event takes the place of the next item.
  bool is_due() { return prng_.chance(options_.registry_percent, 100); }
  ingest::ParsedItem make(bool is_operator, ledger::Instant now);

 private:
  ingest::ParsedEvent make_event(RegistryKind kind, ledger::Instant received);
  ledger::PersonEvent make_person_event(RegistryKind kind, ledger::Instant received);
  ledger::PracticeEvent make_practice_event(ledger::Instant received);
  /// Two numbers: those of an earlier event the other way round, or any.
  void choose_two(ledger::PersonEvent& event);
  /// The id of an earlier event with other content, mostly.
  ingest::ParsedEvent make_conflict(const ingest::ParsedEvent& original, ledger::Instant received);
  void change(ledger::PersonEvent& event);
  void change(ledger::PracticeEvent& event);

  std::uint64_t any_person();
  ledger::Date birth_date(ledger::Date received);
  std::optional<ledger::Date> death(ledger::Date received);
  std::vector<ledger::Period> periods(ledger::Date received);
  ledger::Instant receipt(bool is_operator, ledger::Instant now);
  const ingest::ParsedItem* earlier();
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(bound)));
  }

  const Options& options_;
  ledger::test::Prng prng_;
  std::vector<ingest::ParsedItem> told_;  // each once
};

}  // namespace sim
