#pragma once

#include "ingest/items/event_parser.h"
#include "ingest/items/item_parser.h"

namespace ingest {

/// What lines may be.
enum class LineKind : std::uint8_t {
  items,
  person_events,
  practice_events,
  any,  ///< each line says by its fields what it is
};

/// Reads items and events of the registries, a line each. Not from two threads at once.
class LineParser {
 public:
  LineParser(const ledger::NumberVault& numbers, ledger::NumberSeries series)
      : items_(numbers, series), events_(numbers, series) {}

  /// `text` is one JSON text, followed by ItemParser::padding_bytes that may be read.
  ParsedItem parse(LineKind kind, std::string_view text, const Caller& caller,
                   ledger::Instant received) {
    switch (kind) {
      case LineKind::items:
        break;
      case LineKind::person_events:
        return events_.parse(EventFeed::persons, text, caller, received);
      case LineKind::practice_events:
        return events_.parse(EventFeed::practices, text, caller, received);
      case LineKind::any:
        if (const auto feed = feeds_.feed_of(text)) {
          return events_.parse(*feed, text, caller, received);
        }
    }
    return items_.parse(text, caller, received);
  }

 private:
  ItemParser items_;
  EventParser events_;
  FeedFinder feeds_;
};

}  // namespace ingest
