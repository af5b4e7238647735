#include "api/v1/told_event.h"

#include <fmt/format.h>

#include "ledger/values/position_text.h"

namespace api {

std::string ToldEvent::position() const {
  return fmt::format("{}-{}", ledger::to_string(event.cause), ordinal);
}

ledger::Result<void> EventTeller::read_cause(ledger::Position cause) {
  if (ledger::position_of(cause_) == cause) return ledger::ok();
  auto read = journal_.entry_at(cause);
  if (!read) return read.error();
  cause_ = std::move(read.value());
  return ledger::ok();
}

ledger::Result<ToldEvent> EventTeller::tell(std::uint32_t ordinal, const ledger::Event& event) {
  if (const auto read = read_cause(event.cause); !read) return read.error();
  ToldEvent told;
  told.event = event;
  told.ordinal = ordinal;
  const ledger::ItemEntry* registration = item_of(cause_);
  if (registration != nullptr) {
    told.at = registration->item.received;
    told.cause_type = name_of(registration->item.type);
  } else if (const auto* const person = std::get_if<ledger::PersonEntry>(&cause_)) {
    told.at = person->event.received;
    told.cause_type = name_of(person->event.type);
  } else {
    return ledger::Errc::corrupt_record;
  }
  if (event.registration.value() == 0) return told;
  ledger::ItemEntry other;
  if (event.registration != event.cause) {
    const auto read = journal_.read_item(event.registration);
    if (!read) return read.error();
    other = read.value();
    registration = &other;
  }
  if (registration == nullptr) return ledger::Errc::corrupt_record;
  const auto practice = state_.practice_identifier(registration->practice);
  if (!practice) return practice.error();
  told.practice = practice.value();
  told.guid = registration->item.guid;
  return told;
}

}  // namespace api
