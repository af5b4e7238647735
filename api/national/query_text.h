#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "ledger/values/national_id.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/service_type.h"

namespace api {

/// What the national card query asks.
struct CardQuestion {
  ledger::NationalId person;
  ledger::ServiceType service_type = ledger::ServiceType::doctor;
  ledger::Date service_date{};
};

/// Reads the decrypted text of a query, or says in Norwegian what is wrong with it: the first of
/// not one JSON object, a field twice, an unknown field, a missing one, a bad value. The sentence
/// names a field and never a value. `today` is in Oslo.
std::variant<CardQuestion, std::string> read_card_question(const std::string& text,
                                                           ledger::NumberSeries series,
                                                           ledger::Date today);

}  // namespace api
