#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/runtime/open_ledger.h"

namespace api {

/// All numbers of the person, the one asked for first; it may be nobody's.
ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(
    OpenLedger& open, const ledger::EncryptedNumber& asked);

/// A cursor that goes on with this person and question alone: `PLACE.CHECK`, where the check is the
/// beginning of a hash over all three.
std::string person_cursor(const ledger::EncryptedNumber& number, std::string_view question,
                          std::string_view place);

struct PersonPlace {
  std::string_view place;
  ledger::EncryptedNumber number;  ///< that the page before was asked with
};

/// Nothing when the cursor was given for another question, or for nobody with one of the numbers.
std::optional<PersonPlace> read_person_cursor(std::string_view cursor, std::string_view question,
                                              std::span<const ledger::EncryptedNumber> numbers);

}  // namespace api
