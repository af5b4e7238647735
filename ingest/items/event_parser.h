#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "ingest/items/item_parser.h"

namespace ingest {

/// What an event speaks of: it decides which fields it may have.
enum class EventFeed : std::uint8_t { persons, practices };

/// Reads events of the registries from JSON. Every rule that needs the event alone is checked here,
/// in the order in which the fields are described. Not from two threads at once.
class EventParser {
 public:
  EventParser(const ledger::NumberVault& numbers, ledger::NumberSeries series);
  ~EventParser();

  /// `text` is one JSON text.
  ParsedItem parse(EventFeed feed, std::string_view text, const Caller& caller,
                   ledger::Instant received);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  const ledger::NumberVault& numbers_;
  const ledger::NumberSeries series_;
};

/// Tells events from items where lines of both stand together.
class FeedFinder {
 public:
  FeedFinder();
  ~FeedFinder();

  /// The feed that the text is an event of: it is an object with an `eventId`, and of practices
  /// when it has a `practiceId` too. Nothing when it is no event.
  std::optional<EventFeed> feed_of(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingest
