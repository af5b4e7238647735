#pragma once

#include <map>
#include <span>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/entry.h"
#include "ledger/records/timeliness.h"

namespace ledger {

/// What the reference finds of one registration after the last entry.
struct ReferenceRegistration {
  Position position;  ///< of its co-payment
  PracticeNumber practice;
  Guid guid;
  ServiceType service_type = ServiceType::doctor;
  Instant service_time;
  Instant counted_from;  ///< receipt of the entry that made it paid; means something when it counts
  Money amount;
  bool is_paid = false;
  bool is_credited = false;
  Code reason = Code::none;  ///< the first reason why it does not count; `none` when it counts
  Money refunded;            ///< the sum of its refund lines

  bool is_counted() const { return reason == Code::none; }
};

/// A person's calendar year, worked out from nothing but its accepted entries.
struct ReferenceAccount {
  Account account;
  std::vector<ReferenceRegistration> registrations;  ///< in processing order
  std::vector<Verdict> verdicts;                     ///< what each entry had to be answered
  std::vector<Money> sums;                           ///< the counted sum after each entry
  Position card_cause;  ///< the entry that issued the card; 0 = no card
  /// Entries that cannot be of this account in this order, such as the payment of an unknown
  /// registration: they have no effect and no verdict. Empty unless the journal is wrong.
  std::vector<Position> misfits;
};

/// The slow and obvious reference of the posting rules. It recomputes everything from zero after
/// each entry and keeps no running sum, so it shares no way of going wrong with post.cc. It serves
/// reconciliation and tests; a few thousand entries are fine.
///
/// `entries` are those of one account in position order; `year`, `ceiling` (above zero) and
/// `rule_pack` say under which rules they were decided. The rules, as written:
///   - counted: paid, above zero, not credited;
///   - the card is decided in processing order: issued by the first entry after which the counted
///     sum is at the ceiling, never withdrawn, under review while the sum is below, active else;
///   - entitled from the date on which the counted sum, taken in service order, reached the
///     ceiling, as it was when the sum was last there;
///   - refund lines make up the excess over the ceiling after every entry: growth goes to the
///     registration that caused it; a credit note takes back its own registration's lines first,
///     then the newest.
ReferenceAccount reference_account(std::span<const ItemEntry> entries, int year, Money ceiling,
                                   const RulePackHash& rule_pack);

/// The reference of the timeliness counters: a full scan of all practices' entries. Counts the lag
/// in Oslo calendar days of every co-payment, for its practice and the nation, under both bases.
std::map<TimelinessKey, TimelinessMonth> reference_timeliness(std::span<const ItemEntry> entries);

}  // namespace ledger
