#include "api/v1/card_json.h"

#include <fmt/format.h>

#include "ledger/values/hex.h"
#include "ledger/values/rfc3339.h"

namespace api {

void append_card(std::string& out, int year, const std::optional<ledger::ExemptionCard>& card) {
  if (!card) {
    out += "null";
    return;
  }
  out += fmt::format(
      R"({{"cardId":"{}","state":"{}","issuedAt":"{}","entitledFrom":"{}","validTo":"{}-12-31",)"
      R"("crossingGuid":"{}","rulePack":"{}"}})",
      ledger::to_hex(card->id), card->state == ledger::CardState::active ? "active" : "underReview",
      ledger::to_rfc3339(card->issued_at), ledger::to_string(card->entitled_from), year,
      to_string(card->crossing_guid), ledger::to_hex(card->rule_pack));
}

}  // namespace api
