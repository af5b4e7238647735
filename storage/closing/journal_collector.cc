#include "storage/closing/journal_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "ledger/values/position_text.h"
#include "storage/bytes/format.h"

namespace storage {

using ledger::Date;
using ledger::ItemEntry;
using ledger::Position;
using ledger::Result;

namespace {

std::int32_t day_number(Date date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}
/// As PutAsideTally has it.
std::int32_t month_number(ledger::Month month) {
  return int{month.year()} * 12 + static_cast<int>(unsigned{month.month()}) - 1;
}

}  // namespace

ledger::Digest JournalCollector::collect(const RocksDbJournal& journal, Position last,
                                         const ReportProgress& report) {
  const Position end{last.value() + 1};
  Position next{1};
  ledger::Digest root{};
  const auto read = journal.for_each(
      Position{1},
      [&](Position, std::string_view bytes) -> Result<void> {
        const auto record = decode_record(bytes);
        if (!record) return record.error();
        if (record.value().group.position != next) return ledger::Errc::corrupt_record;
        collect_group(record.value().group);
        next = record.value().group.next_position();
        root = record.value().root;
        report("reading the journal", "entries", next.value(), end.value());
        return ledger::ok();
      },
      end);
  if (read && next == end) return root;
  throw std::runtime_error(fmt::format(
      "the journal cannot be read at {}{}; remedy: run `frikort verify`, and restore the "
      "latest backup",
      ledger::to_string(next), read ? std::string() : ": " + read.error().message()));
}

void JournalCollector::collect_group(const ledger::CommitGroup& group) {
  const std::uint32_t rule_pack = number_of(group.rule_pack);
  for (const ledger::Entry& entry : group.entries) {
    if (const ItemEntry* const item = item_of(entry)) collect_entry(*item, rule_pack);
  }
  for (const ledger::Tally& tally : group.tallies) collect_tally(tally);
}

std::uint32_t JournalCollector::number_of(const ledger::RulePackHash& rule_pack) {
  const auto known = std::find(rule_packs_.begin(), rule_packs_.end(), rule_pack);
  const auto number = static_cast<std::uint32_t>(known - rule_packs_.begin());
  if (known == rule_packs_.end()) rule_packs_.push_back(rule_pack);
  return number;
}

void JournalCollector::collect_entry(const ItemEntry& entry, std::uint32_t rule_pack) {
  if (entry.is_new_practice) {
    ++practices_introduced_;
    check_practice(entry);
  }
  if (entry.is_new_person) {
    parts_.introduced.add(parts_.part_of_person(entry.person),
                          {entry.person.value(), entry.item.person.bytes});
  }
  const bool is_copayment = entry.item.type == ledger::ItemType::copayment;
  if (is_copayment && !collect_lag(entry)) return;
  parts_.entries.add(parts_.part_of_person(entry.person), put_aside(entry, rule_pack));
}

bool JournalCollector::collect_lag(const ItemEntry& copayment) {
  const Date service = oslo_date(copayment.item.service_time);
  const Date received = oslo_date(copayment.item.received);
  const bool is_of_year = ledger::year_of(service) == year_;
  if (is_of_year) figures_.add_lag(copayment.practice, ledger::lag_days(service, received));
  if (is_of_year || ledger::year_of(received) == year_) {
    parts_.lags.add(parts_.part_of_practice(copayment.practice),
                    {copayment.practice.value(), day_number(service), day_number(received)});
  }
  return is_of_year;
}

void JournalCollector::check_practice(const ItemEntry& entry) const {
  const bool is_known = practices_.has(entry.practice);
  if (is_known && practices_.id(entry.practice) == entry.item.practice) return;
  use_difference_({ledger::DifferenceKind::practice_differs,
                   {},
                   entry.practice,
                   entry.verdict.position,
                   "practiceId",
                   std::string(entry.item.practice.view()),
                   practices_.text(entry.practice)});
}

void JournalCollector::collect_tally(const ledger::Tally& tally) {
  if (int{tally.month.year()} != year_) return;
  const auto found = practices_.number_of(tally.practice.view());
  // Without a practice, or of one that was not known then: the nation's alone.
  const std::uint32_t practice = found && *found <= practices_introduced_ ? *found : 0;
  parts_.tallies.add(
      parts_.part_of_practice(ledger::PracticeNumber{practice}),
      {practice, month_number(tally.month), tally.count, static_cast<std::uint8_t>(tally.code)});
}

}  // namespace storage
