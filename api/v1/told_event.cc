#include "api/v1/told_event.h"

#include <fmt/format.h>

#include "ledger/values/position_text.h"

namespace api {

std::string ToldEvent::position() const {
  return fmt::format("{}-{}", ledger::to_string(event.cause), ordinal);
}

ledger::Result<ToldEvent> EventTeller::tell(std::uint32_t ordinal, const ledger::Event& event) {
  if (cause_.verdict.position != event.cause) {
    const auto read = journal_.read_item(event.cause);
    if (!read) return read.error();
    cause_ = read.value();
  }
  ledger::ItemEntry registration = cause_;
  if (event.registration != event.cause) {
    const auto read = journal_.read_item(event.registration);
    if (!read) return read.error();
    registration = read.value();
  }
  const auto practice = state_.practice_identifier(registration.practice);
  if (!practice) return practice.error();
  return ToldEvent{event,
                   ordinal,
                   cause_.item.received,
                   cause_.item.type,
                   practice.value(),
                   registration.item.guid};
}

}  // namespace api
