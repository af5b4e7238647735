#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"

namespace storage {

/// Why somebody learned something about a person. STORED: numbers never change.
enum class AccessReason : std::uint8_t {
  card_status = 1,  ///< a practice asked whether the person is exempt
  account = 2,      ///< the portal showed the account
  submission = 3,   ///< the answer to an item said whether the person has a card
  payout = 4,       ///< the national number was told for a payout
};

inline constexpr std::size_t access_reason_count = 4;

/// One query about a person: who, when, which person, why.
struct AccessRecord {
  ledger::Instant time;
  AccessReason reason = AccessReason::card_status;
  ledger::EncryptedNumber person;
  std::string caller;
  std::string correlation_id;
  std::string subject;         ///< what exactly: service type and date, or the year
  std::optional<bool> exempt;  ///< what was answered; nothing where no such answer is kept
};

}  // namespace storage
