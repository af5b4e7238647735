#pragma once

#include <cstdint>

#include "ledger/records/event.h"
#include "ledger/records/item.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// An event as it is told in the feed and in exports, with what the journal has of the entries that
/// it names.
struct ToldEvent {
  ledger::Event event;
  std::uint32_t ordinal = 0;      ///< among the events of its cause
  ledger::Instant at;             ///< receipt of the cause
  ledger::ItemType cause_type{};  ///< the type of the cause
  ledger::PracticeId practice;    ///< of the registration
  ledger::Guid guid;              ///< likewise

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
  const storage::RocksDbJournal& journal_;
  const storage::StateStore& state_;
  ledger::ItemEntry cause_;
};

}  // namespace api
