#include "storage/closing/summary.h"

#include <algorithm>

#include "ledger/values/service_type.h"
#include "storage/bytes/format.h"
#include "storage/closing/reconciliation_parts.h"

namespace storage {

using ledger::PracticeNumber;

void write_practices(const std::vector<PracticeFigures>& figures, const Practices& practices,
                     Table& table) {
  for (std::uint32_t i = 1; i < figures.size(); ++i) {
    const auto& [part, within, lateness] = figures[i];
    if (part.registrations == 0) continue;
    table.text(practices.text(PracticeNumber{i}))
        .number(part.registrations)
        .number(part.amount_ore)
        .number(part.counted_ore)
        .number(part.refunded_ore)
        .number(within[0])
        .number(within[1])
        .number(within[2])
        .number(lateness.persons)
        .number(lateness.by_lateness_ore)
        .number(lateness.despite_card_ore)
        .number(lateness.ore_days)
        .end_row();
  }
}

void write_service_types(const StatementFigures& figures, Table& table) {
  for (std::size_t i = 1; i < service_types; ++i) {
    const PartFigures& part = figures.by_service_type[i];
    table.text(code_of(static_cast<ledger::ServiceType>(i)))
        .number(part.registrations)
        .number(part.amount_ore)
        .number(part.counted_ore)
        .number(part.refunded_ore)
        .end_row();
  }
}

void write_registered_practices(const StateReader& state, Table& table) {
  require_read(state.for_each(StateFamily::practices, {},
                              [&](std::string_view, std::string_view row) -> ledger::Result<void> {
                                const auto stored = decode_practice(row);
                                if (!stored) return stored.error();
                                const auto& registered = stored.value().registered;
                                if (!registered) return ledger::ok();
                                const ledger::PracticeEvent& event = registered->event;
                                table.text(stored.value().practice.id.view()).text(event.name);
                                event.type.empty() ? table.none() : table.text(event.type);
                                table.text(position_cell(registered->position)).end_row();
                                return ledger::ok();
                              }),
               "the practices of the state");
}

std::vector<NamedPractice> latest_practices(const std::vector<PracticeFigures>& figures,
                                            const Practices& practices) {
  std::vector<NamedPractice> latest;
  for (std::uint32_t i = 1; i < figures.size(); ++i) {
    NamedPractice practice{practices.text(PracticeNumber{i}), figures[i]};
    if (practice.late() <= 0) continue;
    const auto place = std::upper_bound(
        latest.begin(), latest.end(), practice,
        [](const auto& one, const auto& other) { return one.late() > other.late(); });
    latest.insert(place, std::move(practice));
    if (latest.size() > latest_practices_max) latest.pop_back();
  }
  return latest;
}

}  // namespace storage
