#include "storage/ledger_files/history.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace storage {
namespace {

using ledger::Entry;
using ledger::ItemEntry;
using ledger::PersonEntry;
using ledger::Position;
using ledger::Result;

/// Follows the names from the newest entries on.
class Walk {
 public:
  Walk(const ledger::EntryLog& log, int year) : log_(log), year_(year) {}

  Result<void> follow_account(Position newest) {
    next_.assign(1, newest);
    return follow([this](const Entry& entry, Position at) { return add_account(entry, at); });
  }
  Result<void> follow_person(Position newest) {
    next_.assign(1, newest);
    return follow([this](const Entry& entry, Position at) { return add_person(entry, at); });
  }
  /// What opt-ins name.
  Result<void> add_meanwhile();

  std::vector<Entry> take() {
    std::vector<Entry> entries;
    for (auto& [position, entry] : entries_) entries.push_back(std::move(entry));
    return entries;
  }

 private:
  template <class Add>
  Result<void> follow(const Add& add) {
    while (!next_.empty()) {
      const Position at = next_.back();
      next_.pop_back();
      if (at.value() == 0) continue;
      auto entry = log_.entry_at(at);
      if (!entry) return entry.error();
      if (!add(entry.value(), at)) return ledger::Errc::corrupt_record;
      entries_.insert_or_assign(at, std::move(entry.value()));
    }
    return ledger::ok();
  }

  bool add(Position followed, Position at) {
    next_.push_back(followed);
    return followed < at;
  }
  bool add_account(const Entry& entry, Position at) {
    if (const ItemEntry* const item = item_of(entry)) return add(item->previous, at);
    const auto* const merge = std::get_if<PersonEntry>(&entry);
    if (merge == nullptr) return false;
    const auto joined =
        std::find_if(merge->years.begin(), merge->years.end(),
                     [this](const ledger::JoinedYear& year) { return year.year == year_; });
    return joined != merge->years.end() && add(joined->kept, at) && add(joined->other, at);
  }
  bool add_person(const Entry& entry, Position at) {
    const auto* const event = std::get_if<PersonEntry>(&entry);
    if (event == nullptr) return false;
    meanwhile_.insert(event->meanwhile.begin(), event->meanwhile.end());
    return add(event->previous, at) && add(event->other_previous, at);
  }

  const ledger::EntryLog& log_;
  const int year_;
  std::vector<Position> next_;
  std::map<Position, Entry> entries_;
  std::set<Position> meanwhile_;
};

Result<void> Walk::add_meanwhile() {
  for (const Position at : meanwhile_) {
    auto entry = log_.entry_at(at);
    if (!entry) return entry.error();
    if (item_of(entry.value()) == nullptr) return ledger::Errc::corrupt_record;
    entries_.insert_or_assign(at, std::move(entry.value()));
  }
  return ledger::ok();
}

}  // namespace

Result<std::vector<Entry>> history_of(const ledger::EntryLog& log, const HistoryEnds& ends) {
  Walk walk(log, ends.year);
  if (const auto followed = walk.follow_account(ends.newest); !followed) return followed.error();
  if (const auto followed = walk.follow_person(ends.newest_event); !followed) {
    return followed.error();
  }
  if (const auto added = walk.add_meanwhile(); !added) return added.error();
  return walk.take();
}

}  // namespace storage
