#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ledger/records/account.h"

namespace ledger {

/// What notification and payout systems are told. STORED: numbers never change.
enum class EventType : std::uint8_t {
  card_issued = 1,
  card_under_review = 2,
  card_reinstated = 3,
  entitlement_moved = 4,
  refund_due = 5,
  refund_netted = 6,
  person_merged = 7,
};

inline constexpr std::size_t event_type_count = 8;

std::string_view name_of(EventType type);

/// Whether the event is about a card; the others are about a refund or a person.
constexpr bool is_about_card(EventType type) { return type <= EventType::entitlement_moved; }

/// Of two cards of a year one stays when their persons turn out to be one.
struct ReplacedCard {
  int year = 0;
  CardId card{};      ///< that stays
  CardId replaced{};  ///< that goes
  friend bool operator==(const ReplacedCard&, const ReplacedCard&) = default;
};

/// One event; its place in the sequence is the entry that caused it and a number within that entry.
struct Event {
  EventType type = EventType::card_issued;
  AccountKey account;  ///< of `person_merged` the year is 0
  Position cause;
  /// That was refunded, that crossed, or that the item speaks of; 0 where an event of a registry
  /// changed a card.
  Position registration;
  Money amount;  ///< of the refund line; else 0
  // Of an event about a card; else empty.
  CardId card{};
  Date entitled_from{};  ///< after the event
  Date moved_from{};     ///< of `entitlement_moved`: before it
  // Of `person_merged`; else empty.
  PersonId merged;  ///< the person who is no more
  std::vector<ReplacedCard> replaced_cards{};

  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace ledger
