#pragma once

#include <optional>
#include <string>

#include "api/http/http_message.h"
#include "api/http/problem.h"
#include "api/runtime/known_account.h"
#include "api/v1/request_fields.h"

namespace api {

/// A question about a person's year: who, which year, and as known when.
struct PersonYearQuestion {
  ledger::EncryptedNumber person;
  int year = 0;
  std::optional<AsOf> as_of;  ///< nothing: as known now
};

/// Reads the members `personId`, `year`, `asOfPosition` and `asOfTime`; the first problem, if there
/// is one. `fields` says which members may be there.
std::optional<Problem> read_person_year(RequestFields& fields, ledger::NumberSeries series,
                                        OpenLedger& open, PersonYearQuestion& question);

/// What the question is about.
ledger::Result<KnownAccount> known_account(OpenLedger& open, const PersonYearQuestion& question);

}  // namespace api
