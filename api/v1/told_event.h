#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/records/event.h"
#include "ledger/records/item.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// An event as it is told in the feed and in exports, with what the journal has of the entries that
/// it names.
struct ToldEvent {
  ledger::Event event;
  std::uint32_t ordinal = 0;    ///< among the events of its cause
  ledger::Instant at;           ///< receipt of the cause
  std::string_view cause_type;  ///< the type of the cause, as it stands on the wire
  ledger::PracticeId practice;  ///< of the registration; empty where the event names none
  ledger::Guid guid;            ///< likewise

  std::string position() const;
};

/// Looks up what events name. Events of one cause follow each other: its entry is read once.
class EventTeller {
 public:
  /// Events must be durable.
  EventTeller(const storage::RocksDbJournal& journal, const storage::StateStore& state)
      : journal_(journal), state_(state) {}

  ledger::Result<ToldEvent> tell(std::uint32_t ordinal, const ledger::Event& event);

 private:
  ledger::Result<void> read_cause(ledger::Position cause);

  const storage::RocksDbJournal& journal_;
  const storage::StateStore& state_;
  ledger::Entry cause_;
};

}  // namespace api
