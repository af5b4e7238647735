#include "storage/closing/state_collector.h"

#include <cstring>

#include "storage/bytes/format.h"
#include "storage/bytes/format_elements.h"

namespace storage {
namespace {

using ledger::Result;

void collect_events(const StateReader& state, int year, const Owners& owners,
                    ReconciliationParts& parts, const ReportProgress& report) {
  std::uint64_t rows = 0;
  std::uint64_t total = 0;
  for (const std::uint64_t count : state.applied().totals.events) total += count;
  require_read(
      state.for_each(StateFamily::events, {},
                     [&](std::string_view key, std::string_view value) -> Result<void> {
                       const auto event = decode_event(key, value);
                       if (!event) return event.error();
                       report("reading the events", "events", ++rows, total);
                       const ledger::Event& found = event.value();
                       const bool is_merge = found.type == ledger::EventType::person_merged;
                       if (!is_merge && found.account.year != year) return ledger::ok();
                       parts.add(parts.events, put_aside(found, decode_event_ordinal(key), year),
                                 owners);
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
                                record.of = person.value().value();
                                std::memcpy(record.number.bytes.data(), key.data(), key.size());
                                parts.indexed.add(parts.part_of_person(person.value()), record);
                                report("reading the index of numbers", "persons", ++rows,
                                       state.applied().totals.persons);
                                return ledger::ok();
                              }),
               "the index of numbers in the state");
}

void collect_refusals(const StateReader& state, int year, ReconciliationParts& parts) {
  const auto collect = [&](const ledger::PracticeId& practice, ledger::Month month,
                           ledger::Code code, std::uint64_t count) {
    if (count == 0 || int{month.year()} != year) return;
    parts.found_refusals.add(parts.part_of_stranger(practice),
                             {practice, number_of(month), count, static_cast<std::uint8_t>(code)});
  };
  require_read(state.for_each(StateFamily::refusals, {},
                              [&](std::string_view key, std::string_view value) -> Result<void> {
                                ledger::PracticeId practice;
                                const auto refusals = decode_refusals(value);
                                if (!refusals) return refusals.error();
                                if (!ledger::PracticeId::parse(key, practice)) {
                                  return ledger::Errc::corrupt_record;
                                }
                                for (const auto& [month, found] : refusals.value()) {
                                  collect(practice, month, ledger::Code::none, found.duplicates);
                                  for (const auto& [code, count] : found.rejected) {
                                    collect(practice, month, code, count);
                                  }
                                }
                                return ledger::ok();
                              }),
               "the refusals of the state");
}

}  // namespace

void collect_state(const StateReader& state, int year, const Owners& owners,
                   ReconciliationParts& parts, const ReportProgress& report) {
  collect_events(state, year, owners, parts, report);
  collect_numbers(state, parts, report);
  collect_refusals(state, year, parts);
}

}  // namespace storage
