#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/records/asker.h"
#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/service_type.h"

namespace storage {

/// What somebody asked about a person. STORED: numbers never change.
enum class AccessWhat : std::uint8_t {
  card_status = 1,      ///< a practice asked whether the person is exempt
  frikortsporring = 2,  ///< the same through the national interface
  account = 3,          ///< the portal showed the account
  card = 4,             ///< the portal showed the card
  dossier = 5,          ///< the portal showed the proof of a decision
  access_log = 6,       ///< the portal showed these records
  submission = 7,       ///< the answer to an item said whether the person has a card
  number = 8,           ///< the national number was told for a payout
};

inline constexpr std::size_t access_what_count = 8;

/// As answers say it: `card-status`.
std::string_view name_of(AccessWhat what);
/// The role of those who ask it: `practice`, `portal` or `payout`.
std::string_view role_of(AccessWhat what);

/// One query about a person: who, when, about whom, why, and what was answered.
struct AccessRecord {
  static AccessRecord of_service(AccessWhat what, const ledger::EncryptedNumber& number,
                                 ledger::ServiceType type, ledger::Date date,
                                 std::optional<bool> answer);
  static AccessRecord of_year(AccessWhat what, const ledger::EncryptedNumber& number, int year);
  static AccessRecord of_person(AccessWhat what, const ledger::EncryptedNumber& number);

  AccessWhat what = AccessWhat::card_status;
  ledger::EncryptedNumber number;
  ledger::Instant time;
  ledger::Asker asker;
  ledger::Guid correlation_id;
  std::optional<ledger::ServiceType> service_type;
  std::optional<ledger::Date> service_date;  ///< there when the type is
  std::optional<int> year;
  std::optional<bool> answer;  ///< nothing where it was neither yes nor no

  friend bool operator==(const AccessRecord&, const AccessRecord&) = default;
};

}  // namespace storage
