#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/ports/number_vault.h"
#include "ledger/records/asker.h"
#include "ledger/records/item.h"
#include "ledger/records/registry_event.h"
#include "ledger/values/code.h"
#include "ledger/values/national_id.h"

namespace ingest {

/// On whose behalf items are sent.
struct Caller {
  ledger::Asker asker;
  /// May say when an item was received: for migration and replay of whole years.
  bool is_operator = false;
  /// Ids of the practices whose items the caller may send; null: everybody's.
  std::shared_ptr<const std::vector<std::string>> practices{};

  bool may_act_for(std::string_view practice) const {
    return practices == nullptr ||
           std::find(practices->begin(), practices->end(), practice) != practices->end();
  }
};

/// An event of a registry.
using ParsedEvent = std::variant<ledger::PersonEvent, ledger::PracticeEvent>;

/// An item or event as it was understood, or why it was not.
struct ParsedItem {
  ledger::Item item;
  ledger::Code refusal = ledger::Code::none;
  bool has_guid = false;  ///< the guid or event id is valid and may be repeated in the answer
  /// The field that `refusal` names when it is not the one that goes with the code. Digits in it
  /// are hidden where they could be a person's number.
  std::string field;
  /// What stands in the line in place of an item; null of an item.
  std::shared_ptr<const ParsedEvent> event;
};

/// The id of an event.
inline const ledger::Guid& id_of(const ParsedEvent& event) {
  return std::visit([](const auto& kind) -> const ledger::Guid& { return kind.event_id; }, event);
}

/// Reads items from JSON. Every rule that needs the item alone is checked here, in the order of
/// ledger::Code. Not from two threads at once.
class ItemParser {
 public:
  /// Bytes that must be readable after the text given to parse().
  static constexpr std::size_t padding_bytes = 64;
  /// Longer texts are refused as malformed.
  static constexpr std::size_t text_bytes_max = 64 * 1024;

  ItemParser(const ledger::NumberVault& numbers, ledger::NumberSeries series);
  ~ItemParser();

  /// `text` is one JSON text, followed by padding_bytes that may be read.
  ParsedItem parse(std::string_view text, const Caller& caller, ledger::Instant received);

 private:
  class Fields;
  struct Impl;
  std::unique_ptr<Impl> impl_;
  const ledger::NumberVault& numbers_;
  const ledger::NumberSeries series_;
};

}  // namespace ingest
