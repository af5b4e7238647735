#include "storage/closing/state_collector.h"

#include <cstring>

#include "storage/bytes/format.h"

namespace storage {
namespace {

using ledger::Result;

void collect_events(const StateReader& state, int year, ReconciliationParts& parts,
                    const ReportProgress& report) {
  std::uint64_t rows = 0;
  std::uint64_t total = 0;
  for (const std::uint64_t count : state.applied().totals.events) total += count;
  require_read(state.for_each(StateFamily::events, {},
                              [&](std::string_view key, std::string_view value) -> Result<void> {
                                const auto event = decode_event(key, value);
                                if (!event) return event.error();
                                report("reading the events", "events", ++rows, total);
                                const ledger::Event& found = event.value();
                                if (found.account.year != year) return ledger::ok();
                                parts.events.add(parts.part_of_person(found.account.person),
                                                 {found.account.person.value(), found.cause.value(),
                                                  found.registration.value(), found.amount.ore(),
                                                  decode_event_ordinal(key),
                                                  static_cast<std::uint8_t>(found.type)});
                                return ledger::ok();
                              }),
               "the events of the state");
}

void collect_numbers(const StateReader& state, ReconciliationParts& parts,
                     const ReportProgress& report) {
  std::uint64_t rows = 0;
  require_read(state.for_each(StateFamily::numbers, {},
                              [&](std::string_view key, std::string_view value) -> Result<void> {
                                const auto person = decode_person_id(value);
                                if (!person || key.size() != 16)
                                  return ledger::Errc::corrupt_record;
                                PutAsideNumber record;
                                record.person = person.value().value();
                                std::memcpy(record.number.data(), key.data(), key.size());
                                parts.indexed.add(parts.part_of_person(person.value()), record);
                                report("reading the index of numbers", "persons", ++rows,
                                       state.applied().totals.persons);
                                return ledger::ok();
                              }),
               "the index of numbers in the state");
}

}  // namespace

void collect_state(const StateReader& state, int year, ReconciliationParts& parts,
                   const ReportProgress& report) {
  collect_events(state, year, parts, report);
  collect_numbers(state, parts, report);
}

}  // namespace storage
