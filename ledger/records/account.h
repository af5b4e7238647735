#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/records/rule_pack.h"
#include "ledger/values/code.h"
#include "ledger/values/ids.h"
#include "ledger/values/money.h"
#include "ledger/values/oslo_time.h"

namespace ledger {

/// STORED: numbers never change.
enum class CardState : std::uint8_t {
  active = 1,
  under_review = 2,  ///< credits brought the sum under the ceiling; the card still exempts
};

/// What a card is known by: it stays the same for ever and names nobody. See card_id_of().
using CardId = std::array<std::uint8_t, 16>;

/// The exemption card of a person and year: issued once, never withdrawn.
struct ExemptionCard {
  CardState state = CardState::active;
  Instant issued_at;     ///< received time of the entry that issued it
  Date entitled_from{};  ///< service date on which the sum, in service order, reached the ceiling
  Guid crossing_guid;    ///< of the registration whose counting crossed
  RulePackHash rule_pack{};
  CardId id{};
  Position issued_by;  ///< the entry that issued it
  Position crossing;   ///< the registration whose counting crossed

  friend bool operator==(const ExemptionCard&, const ExemptionCard&) = default;
};

/// What has been told of a card.
struct ToldCard {
  bool is_issued = false;  ///< else the others mean nothing
  CardState state = CardState::active;
  Date entitled_from{};

  friend bool operator==(const ToldCard&, const ToldCard&) = default;
};

inline ToldCard told_of(const std::optional<ExemptionCard>& card) {
  return card ? ToldCard{true, card->state, card->entitled_from} : ToldCard{};
}

/// One step of what is refunded for one registration; negative where it was netted.
struct RefundLine {
  Position registration;  ///< the registration refunded
  Guid guid;              ///< of that registration
  Position cause;         ///< the entry that made the line
  Money amount;

  friend bool operator==(const RefundLine&, const RefundLine&) = default;
};

struct DaySum {
  Date day{};
  Money amount;
  friend bool operator==(const DaySum&, const DaySum&) = default;
};

/// A person's calendar year of service.
struct AccountKey {
  PersonId person;
  int year = 0;
  friend auto operator<=>(const AccountKey&, const AccountKey&) = default;
};

/// The state of one account. Invariants:
///   L1  counted_sum == sum of `days`; every day in `days` is of the year, ascending, above zero
///   L2  sum of refund lines == max(0, counted_sum - ceiling)
///   L3  there is a card if the sum ever reached the ceiling; it is active if the sum is there now
struct Account {
  Money counted_sum;
  Position newest;           ///< the newest item, or merge, that concerns this account; 0 = none
  Position changed_by;       ///< the newest entry of any kind that changed it; 0 = none
  std::vector<DaySum> days;  ///< counted sum of each service date: what the entitlement needs
  std::optional<ExemptionCard> card;
  std::vector<RefundLine> refund_lines;  ///< append-only; in the order in which they were written
  /// What was told last of the card that stands, when the account has changed since then because
  /// its person was opted out.
  std::optional<ToldCard> told;

  Money refunded() const;
  /// The sum of this registration's lines.
  Money refunded(Position registration) const;
  /// Empties the account, keeping the capacity of its vectors.
  void clear();
  friend bool operator==(const Account&, const Account&) = default;
};

/// What of an account is asked most often.
struct AccountBrief {
  bool has_card = false;
  Position newest;
  Position changed_by;

  friend bool operator==(const AccountBrief&, const AccountBrief&) = default;
};

inline AccountBrief brief_of(const Account& account) {
  return {account.card.has_value(), account.newest, account.changed_by};
}

}  // namespace ledger
