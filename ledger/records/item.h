#pragma once

#include <cstdint>
#include <string_view>

#include "ledger/values/ids.h"
#include "ledger/values/money.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/service_type.h"

namespace ledger {

/// What a practice reports. STORED: numbers never change.
enum class ItemType : std::uint8_t {
  copayment = 1,    ///< one service, one amount
  payment = 2,      ///< an unpaid co-payment has now been paid
  credit_note = 3,  ///< a co-payment is taken back, whole
};

/// The type as it stands on the wire: `creditNote`.
std::string_view name_of(ItemType type);

/// The reason "exemption card" of the national code list 7461: only this one needs a card.
inline constexpr char exemption_by_card = 'F';

/// The highest amount of one co-payment.
inline constexpr Money amount_max = Money::from_ore(10'000'000);

/// One well-formed item. The fields from `person` on mean something in a co-payment only.
struct Item {
  ItemType type = ItemType::copayment;
  char exemption = 0;  ///< a capital letter, or 0 for none
  bool is_paid = false;
  ServiceType service_type = ServiceType::doctor;
  Guid guid;
  PracticeId practice;
  EncryptedNumber person;
  Instant service_time;
  Instant received;
  Money amount;
  Fingerprint fingerprint;         ///< of (practice, guid)
  std::uint64_t content_hash = 0;  ///< of all other content but the person
};

}  // namespace ledger
