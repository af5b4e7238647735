#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "ledger/records/rule_pack.h"
#include "tests/support/prng.h"

namespace sim {

/// What a client may send next.
enum class Kind : std::uint8_t {
  copayment,         ///< paid, with an amount
  unpaid,            ///< a co-payment not yet paid
  zero_amount,       ///< paid, nothing to pay
  exempt,            ///< no co-payment for a reason other than a card
  exempt_by_card,    ///< no co-payment because there is a card, or so the practice says
  payment,           ///< of something sent before: also of paid and credited ones, and again
  credit_note,       ///< likewise
  unknown_original,  ///< payment or credit note before its co-payment, which may follow
  resend,            ///< anything sent before, answered or not
  conflict,          ///< the key of something sent before, with other content
  invalid,           ///< refused before the rules see it
};
inline constexpr std::size_t kind_count = 11;

/// Where the service lies in time, seen from its receipt.
enum class Timing : std::uint8_t {
  plain,         ///< minutes to months before
  new_year,      ///< within hours of midnight between two years
  clock_change,  ///< in a night in which clocks are moved
  deadline,      ///< about to be, or just, barred by time
  future,        ///< about as far ahead as is tolerated
};
inline constexpr std::size_t timing_count = 5;

/// What a registry may tell next.
enum class RegistryKind : std::uint8_t {
  birth_date,       ///< about 16 years before services, at bounds, or long ago
  merged,           ///< any two numbers, also of one person, also never seen
  number_changed,   ///< likewise
  died,             ///< or the death is annulled
  opted_out,        ///< also who is opted out
  opted_in,         ///< also who is not
  minimum_pension,  ///< no, some or many periods
  practice,         ///< with or without agreements
  resend,           ///< an earlier one
  conflict,         ///< the id of an earlier one, with other content
  invalid,          ///< refused before the rules see it
};
inline constexpr std::size_t registry_kind_count = 11;

/// What one run consists of, all drawn from its seed. Every run leaves some kinds and some faults
/// out and has others often ("swarm"): a mixture of everything would never get far with anything.
/// `percent` and `per_mille` are chances at each opportunity; 0 = does not happen in this run.
struct Options {
  std::uint64_t seed = 0;
  std::uint64_t items =
      0;  ///< until the faults end; what is sent again for want of an answer is extra

  // Who sends, and about whom.
  std::uint64_t clients = 0;
  std::uint64_t practices = 0;
  std::uint64_t persons = 0;
  std::uint64_t hot_persons = 0;  ///< the first of them, who get `hot_percent` of the items
  std::uint64_t hot_percent = 0;
  std::uint64_t operator_percent = 0;  ///< of clients, which name the time of receipt themselves
  std::uint64_t request_items_max = 0;
  std::uint64_t atomic_percent = 0;
  std::array<std::uint64_t, kind_count> kinds{};      ///< weights
  std::array<std::uint64_t, timing_count> timings{};  ///< weights

  // Time and rules.
  std::int64_t start_seconds = 0;     ///< since 1970
  std::uint64_t span_days = 0;        ///< virtual time that the items are spread over
  std::uint64_t ceiling_divisor = 1;  ///< of the published ceilings: low ones are reached sooner
  int gap_year = 0;                   ///< has no ceiling; there is none from 2027 on anyway
  std::uint64_t new_rules_per_mille = 0;  ///< that a restart comes with a ceiling for gap_year

  // How groups are made.
  std::uint64_t send_percent = 0;    ///< of steps; the others build or commit
  std::uint64_t commit_percent = 0;  ///< low = a slow disk, so that built groups wait
  std::uint64_t group_items_max = 0;
  std::uint64_t built_groups_max = 0;
  std::uint64_t snapshot_per_mille = 0;  ///< of groups after which the state is handed over

  // Faults.
  std::uint64_t crash_per_mille = 0;
  std::uint64_t append_lost_per_mille = 0;  ///< none of the groups is kept, or not all of them
  std::uint64_t answer_lost_per_mille = 0;  ///< all are, but the writer is told of a failure
  std::uint64_t failed_read_per_mille = 0;
  std::uint64_t unheard_per_mille = 0;     ///< committed and answered, but the client is gone
  std::uint64_t sent_twice_per_mille = 0;  ///< the network delivers a request twice
  std::uint64_t clock_back_per_mille = 0;

  // Drawn last, so that a seed of before means what it meant.
  std::uint64_t edge_percent = 0;           ///< of items, with values at the ends of what is taken
  std::uint64_t large_request_percent = 0;  ///< of as many items as a group may have, or nearly
  std::uint64_t registry_percent = 0;       ///< of what is sent: events of registries, not items
  std::array<std::uint64_t, registry_kind_count> registry_kinds{};  ///< weights
  std::uint64_t child_percent = 0;                                  ///< of birth dates
  bool are_practices_required = false;

  static Options of_seed(std::uint64_t seed);
  /// `name=value` of all, on one line.
  std::string text() const;
  /// The ceilings before gap_year gets one, and after.
  std::map<int, ledger::AnnualCeiling> ceilings(bool has_gap_year) const;

 private:
  void draw_registries(ledger::test::Prng& prng);
};

}  // namespace sim
