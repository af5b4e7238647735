#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingest/items/item_parser.h"
#include "ledger/ports/journal.h"
#include "ledger/rules/ledger.h"

namespace ingest {

/// A submission has no more items than a group may have, because it is committed in one.
using ledger::group_items_max;

/// Nearly every result is shorter.
inline constexpr std::size_t result_bytes = 144;

/// Whose turn in the queue the request with this first item takes: its practice's, or that of the
/// registries together.
inline std::string sender_of(const ParsedItem& first) {
  return first.event ? "registry" : std::string(first.item.practice.view());
}

/// Consecutive items of one request, which are committed in one group and answered together. All
/// submissions of a request have the same sender, so they keep their order.
struct Submission {
  virtual ~Submission() = default;

  std::uint64_t first_index = 0;  ///< of the first item within its request
  bool is_atomic = false;         ///< all items or none
  bool is_dry_run = false;        ///< answered as if it were committed, and nothing is kept
  std::string correlation_id;     ///< of the request, for the access log
  std::string sender;             ///< see sender_of()
  Caller caller;
  std::vector<ParsedItem> items;

  // The answer, complete when the submission is delivered.
  boost::system::error_code error;  ///< nothing else is set then; the outcome may be unknown
  std::vector<ledger::Outcome> outcomes;
  std::string results;                       ///< one line for each item
  ledger::Position group;                    ///< the commit group
  std::shared_ptr<const ledger::Seal> seal;  ///< of the group; null for a dry run
  std::size_t place = 0;                     ///< among the group's submissions

  /// Takes the memory for the answer. The thread that will free it calls this: memory that one
  /// thread takes and another gives back costs both of them a lock.
  void make_room() {
    outcomes.reserve(items.size());
    results.reserve(items.size() * result_bytes);
  }
};

}  // namespace ingest
