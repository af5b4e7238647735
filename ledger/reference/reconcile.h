#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/records/event.h"
#include "ledger/reference/reference.h"

namespace ledger {

/// What a reconciliation finds wrong: what is stored is not what follows from the registrations.
enum class DifferenceKind : std::uint8_t {
  verdict_differs,         ///< an entry was answered other than the rules say, or cannot be there
  account_missing,         ///< registrations, but no person-year
  account_unfounded,       ///< a person-year without registrations
  sum_differs,             ///< counted sum, sums of days, or the newest entry
  card_missing,            ///< the ceiling was reached, but there is no card
  card_unfounded,          ///< a card, but the ceiling was never reached
  card_differs,            ///< state, times, crossing registration or rules of a card
  second_card,             ///< the card was announced more than once
  card_event_missing,      ///< the card was not announced
  refund_line_missing,     ///< a refund line that follows from the registrations is not there
  refund_line_too_many,    ///< a refund line that follows from nothing
  refund_sum_differs,      ///< the lines do not make up the excess over the ceiling
  refund_event_differs,    ///< what payout systems were told is not the refund lines
  event_differs,           ///< what was told of a card or a merge is not what had to be told
  registration_missing,    ///< in the journal, but not in the index of registrations
  registration_unfounded,  ///< in the index of registrations, but not in the journal
  registration_differs,    ///< the index says something else than the journal
  number_differs,          ///< a national number leads to another person, or another is in use
  person_differs,          ///< what registries said of a person is kept otherwise
  practice_differs,        ///< a practice, or what its registry said of it, is kept otherwise
  timeliness_differs,      ///< a counter is not what a full scan counts
  unpaid_missing,          ///< not paid nor credited, but not in the index of those
  unpaid_unfounded,        ///< in the index of the unpaid, but paid, credited or never reported
  unpaid_differs,          ///< the index of the unpaid says something else than the journal
};

inline constexpr std::size_t difference_kind_count = 24;

/// As it stands in a statement: `cardMissing`.
std::string_view name_of(DifferenceKind kind);

/// One difference, down to the field.
struct Difference {
  DifferenceKind kind = DifferenceKind::verdict_differs;
  AccountKey account;       ///< person 0: not about a person-year
  PracticeNumber practice;  ///< of a timeliness counter
  Position position;        ///< of the entry it is about; 0 = none
  std::string field;
  std::string expected;  ///< what follows from the registrations
  std::string found;     ///< what is stored
};

/// Compares what is stored of one person-year with what follows from its entries: verdicts,
/// account, card, refund lines, and the events of card and refunds (in the order of the feed). Of
/// what belongs to nobody (person 0) only the verdicts: it has no account.
/// `entries` are those of items among the ones that `expected` was worked out from; `events` are
/// those of the year of everybody who is this person now.
void compare_account(const AccountKey& key, std::span<const ItemEntry> entries,
                     const ReferenceAccount& expected, const std::optional<Account>& found,
                     std::span<const Event> events, Money ceiling,
                     std::vector<Difference>& differences);

}  // namespace ledger
