#pragma once

#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/service_type.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// Whether a practice may charge somebody.
struct CardStatus {
  bool is_exempt = false;
  ledger::Position reflects;
};

/// A practice may ask two years back: the same day then is the earliest.
ledger::Date earliest_service_date(ledger::Date today);

/// Exempt is who has a card of that day's year, and for some services who was a minimum pensioner
/// on that day. Everybody else is not: without card, never heard of, opted out.
ledger::Result<CardStatus> card_status_of(const storage::StateStore& state,
                                          const ledger::EncryptedNumber& person,
                                          ledger::ServiceType service_type,
                                          ledger::Date service_date);

}  // namespace api
