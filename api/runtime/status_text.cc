#include "api/runtime/status_text.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ledger/records/event.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/json/json.h"

namespace api {
namespace {

/// The newest; `frikort export --journal` has all.
constexpr std::size_t acts_shown_max = 20;

storage::Json acts_json(const storage::StateStore& state, const storage::AppliedState& head) {
  storage::Json shown = storage::Json::array();
  for (const ledger::ActEntry& act : state.newest_acts(acts_shown_max)) {
    if (act.position > head.last()) continue;  // came meanwhile
    shown.add(storage::Json::object({{"position", ledger::to_string(act.position)},
                                     {"time", ledger::to_rfc3339(act.at)},
                                     {"by", act.by},
                                     {"act", act.act},
                                     {"of", act.of}}));
  }
  return shown;
}

}  // namespace

std::string status_json(const storage::StateStore& state, const storage::AppliedState& head) {
  const storage::StateTotals& totals = head.totals;
  storage::Json events = storage::Json::object();
  for (std::size_t type = 1; type < totals.events.size(); ++type) {
    events.add(name_of(static_cast<ledger::EventType>(type)), totals.events[type]);
  }
  return storage::Json::object({{"head", ledger::to_string(head.last())},
                                {"checksum", totals.checksum.hex()},
                                {"registrations", totals.registrations},
                                {"payments", totals.payments},
                                {"creditNotes", totals.credit_notes},
                                {"duplicates", totals.duplicates},
                                {"rejected", totals.rejected},
                                {"persons", totals.persons},
                                {"accounts", totals.accounts},
                                {"cards", totals.cards},
                                {"cardsUnderReview", totals.cards_under_review},
                                {"countedOre", totals.counted_ore},
                                {"refundedOre", totals.refunded_ore},
                                {"events", events},
                                {"acts", acts_json(state, head)}})
      .text();
}

std::string kroner_text(std::int64_t ore) {
  return fmt::format("{}{}.{:02} kr", ore < 0 ? "-" : "", std::abs(ore) / 100, std::abs(ore) % 100);
}

}  // namespace api
