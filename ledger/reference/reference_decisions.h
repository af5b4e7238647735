#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/reference/registration_history.h"

namespace ledger {

/// What has been decided of an account: what the reference carries from one step to the next.
/// Everything else it works out anew.
struct ReferenceDecisions {
  struct Line {
    RefundLine line;
    bool is_told = false;
  };

  std::optional<ExemptionCard> card;
  std::vector<Line> lines;  ///< in the order in which they were written
  std::optional<ToldCard> told;
  Position newest;
  Position changed_by;

  bool has_account() const { return newest != Position(); }
  ToldCard told_last() const { return told ? *told : told_of(card); }
  Money refunded() const;
  Money refunded(Position registration) const;

  void write(const RegistrationHistory& registration, Position cause, Money amount);
  /// Takes `wanted` back: from this registration first, then from those that still have something,
  /// the one with the newest line first.
  void net(const RegistrationHistory& subject, Position cause, Money wanted);
  /// Adds what was decided of another account of the same year. Returns of two cards the ids of
  /// the one that stays and of the one that goes.
  std::optional<std::pair<CardId, CardId>> join(ReferenceDecisions other);
};

}  // namespace ledger
