#include "api/runtime/status_text.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ledger/records/event.h"
#include "ledger/values/position_text.h"

namespace api {

std::string status_json(const storage::AppliedState& head) {
  const storage::StateTotals& totals = head.totals;
  std::string json = fmt::format(
      R"({{"head":"{}","checksum":"{}","registrations":{},"payments":{},"creditNotes":{})",
      ledger::to_string(head.last()), totals.checksum.hex(), totals.registrations, totals.payments,
      totals.credit_notes);
  json += fmt::format(R"(,"duplicates":{},"rejected":{},"persons":{},"accounts":{})",
                      totals.duplicates, totals.rejected, totals.persons, totals.accounts);
  json += fmt::format(R"(,"cards":{},"cardsUnderReview":{},"countedOre":{},"refundedOre":{})",
                      totals.cards(), totals.cards_under_review(), totals.counted_ore,
                      totals.refunded_ore);
  json += ",\"events\":{";
  for (std::size_t type = 1; type < totals.events.size(); ++type) {
    if (type != 1) json += ',';
    json += fmt::format(R"("{}":{})", name_of(static_cast<ledger::EventType>(type)),
                        totals.events[type]);
  }
  json += "}}";
  return json;
}

std::string kroner_text(std::int64_t ore) {
  return fmt::format("{}{}.{:02} kr", ore < 0 ? "-" : "", std::abs(ore) / 100, std::abs(ore) % 100);
}

}  // namespace api
