#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/entry.h"
#include "ledger/records/event.h"
#include "ledger/records/timeliness.h"

namespace ledger {

/// What the reference finds of one registration after the last entry.
struct ReferenceRegistration {
  Position position;  ///< of its co-payment
  PersonId person;    ///< who it was reported for
  PracticeNumber practice;
  Guid guid;
  ServiceType service_type = ServiceType::doctor;
  Instant service_time;
  Instant counted_from;  ///< receipt of the entry that made it paid; means something when it counts
  Money amount;
  bool is_paid = false;
  bool is_credited = false;
  /// The first reason why it does not count by all that is known; `none` when it counts. While its
  /// person is opted out the account is not judged by it.
  Code reason = Code::none;
  bool counts = false;  ///< in the account, hidden or not
  Money refunded;       ///< the sum of its refund lines

  bool is_counted() const { return counts; }
};

/// What a merge did to the year.
struct ReferenceMerge {
  Position position;
  PersonId kept;
  PersonId other;
  /// The newest entries of the two accounts; nothing when there was neither.
  std::optional<JoinedYear> joined;
  std::optional<ReplacedCard> replaced;  ///< when both had a card
};

/// What is decided of a person's year, as people see it: zeros when there is no account.
struct ReferenceFigures {
  Money counted_sum;
  Money refunded;
  std::optional<ExemptionCard> card;

  friend bool operator==(const ReferenceFigures&, const ReferenceFigures&) = default;
};

/// What an event of a registry changed in what had been decided of a person's year. A merge leaves
/// the other person's account without anything.
struct ReferenceRestatement {
  Position cause;
  PersonId person;
  ReferenceFigures before;
  ReferenceFigures after;
};

/// A person's calendar year, worked out from nothing but its accepted entries.
struct ReferenceAccount {
  AccountKey key;  ///< of the person who stayed in all merges; person 0 without entries
  Account account;
  std::vector<ReferenceRegistration> registrations;  ///< in processing order
  std::vector<Verdict> verdicts;   ///< what each entry of an item had to be answered
  std::vector<Position> previous;  ///< what each entry of an item has to name as the one before it
  std::vector<Money> sums;         ///< the counted sum after each entry, of the account of then
  std::vector<Money> changes;      ///< by how much each entry changed it
  std::vector<ReferenceMerge> merges;
  std::vector<ReferenceRestatement> restatements;  ///< in processing order
  /// What had to be told of the year, in the order of the feed. `person_merged` is not among them:
  /// it speaks of all years, see reference_person().
  std::vector<Event> events;
  Position card_cause;  ///< the entry that issued the card; 0 = no card
  /// Entries that cannot be of this account in this order, such as the payment of an unknown
  /// registration: they have no effect and no verdict. Empty unless the journal is wrong.
  std::vector<Position> misfits;
};

/// The slow and obvious reference of the posting rules. It recomputes everything from zero after
/// each entry and keeps no running sum, so it shares no way of going wrong with the rules. It
/// serves reconciliation and tests; a few thousand entries are fine.
///
/// `entries` are, in position order, those of one person's year: the items of everybody who in the
/// end is this person; the payments and credit notes that name nobody but are for one of those
/// registrations; and all events about these persons. `year`, `ceiling` (above zero) and
/// `rule_pack` say under which rules they were decided. The rules, as written:
///   - counted: paid, above zero, not credited, 16 or older on the service date when the birth date
///     is known; what it was when it was shown last while its person is opted out;
///   - the card is decided in processing order: issued by the first entry after which the counted
///     sum is at the ceiling, never withdrawn, under review while the sum is below, active else;
///   - entitled from the date on which the counted sum, taken in service order, reached the
///     ceiling, as it was when the sum was last there;
///   - refund lines make up the excess over the ceiling after every step: growth goes to the
///     registration that caused it; one that stops counting gives back its own lines first, then
///     the newest are taken back;
///   - an event about a person makes those registrations stop that no longer count, then those
///     start that now do; a merge joins the two accounts in between, and the excess that the sum
///     gains goes to the newest registrations;
///   - state and date of the card are settled at the end of an entry and told as the difference;
///     what a hidden account did not tell is told when its person opts in.
ReferenceAccount reference_account(std::span<const Entry> entries, int year, Money ceiling,
                                   const RulePackHash& rule_pack);
/// Likewise, of a person of whom no registry has told anything.
ReferenceAccount reference_account(std::span<const ItemEntry> entries, int year, Money ceiling,
                                   const RulePackHash& rule_pack);

/// The reference of the timeliness counters: a full scan of all practices' entries. Counts the lag
/// in Oslo calendar days of every co-payment, for its practice and the nation, under both bases.
std::map<TimelinessKey, TimelinessMonth> reference_timeliness(std::span<const ItemEntry> entries);

}  // namespace ledger
