#include "storage/closing/journal_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "ledger/records/fingerprint.h"
#include "ledger/values/position_text.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_elements.h"
#include "storage/closing/practice_comparison.h"

namespace storage {

using ledger::Date;
using ledger::ItemEntry;
using ledger::PersonEntry;
using ledger::PersonId;
using ledger::Position;
using ledger::PracticeEntry;
using ledger::Result;

namespace {

std::int32_t day_number(Date date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}
/// As PutAsideTally has it.
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
  if (read && next == end) {
    compare_registered_practices(state_, registered_, use_difference_);
    if (owners_ != hint_) parts_.place_again(owners_);
    return root;
  }
  throw std::runtime_error(fmt::format(
      "the journal cannot be read at {}{}; remedy: run `frikort verify`, and restore the "
      "latest backup",
      ledger::to_string(next), read ? std::string() : ": " + read.error().message()));
}

void JournalCollector::collect_group(const ledger::CommitGroup& group) {
  const std::uint32_t rule_pack = number_of(group.rule_pack);
  for (const ledger::Entry& entry : group.entries) {
    if (const ItemEntry* const item = item_of(entry)) {
      collect_item(*item, rule_pack);
    } else if (const auto* const person = std::get_if<PersonEntry>(&entry)) {
      collect_registry_event(*person, rule_pack);
    } else if (const auto* const practice = std::get_if<PracticeEntry>(&entry)) {
      collect_practice_event(*practice);
    }
  }
  for (const ledger::Tally& tally : group.tallies) collect_tally(tally);
}

std::uint32_t JournalCollector::number_of(const ledger::RulePackHash& rule_pack) {
  const auto known = std::find(rule_packs_.begin(), rule_packs_.end(), rule_pack);
  const auto number = static_cast<std::uint32_t>(known - rule_packs_.begin());
  if (known == rule_packs_.end()) rule_packs_.push_back(rule_pack);
  return number;
}

void JournalCollector::collect_item(const ItemEntry& entry, std::uint32_t rule_pack) {
  if (entry.is_new_practice) {
    introduce(entry.practice, entry.item.practice, entry.verdict.position);
  }
  if (entry.is_new_person) {
    add_number(entry.person, entry.verdict.position, entry.item.person, true);
  }
  const bool is_copayment = entry.item.type == ledger::ItemType::copayment;
  if (is_copayment && !collect_lag(entry)) return;
  parts_.add(parts_.entries, put_aside(entry, reported_for(entry), rule_pack), hint_);
}

/// A payment or credit note that names nobody may be for a registration of somebody who was opted
/// out by then. If the state is wrong about that, it is where the entry does not fit.
PersonId JournalCollector::reported_for(const ItemEntry& entry) const {
  const bool says_so = entry.person != PersonId() || entry.item.type == ledger::ItemType::copayment;
  if (says_so || !practices_.has(entry.practice)) return entry.person;
  const auto fingerprint = ledger::fingerprint_of(practices_.id(entry.practice), entry.item.guid);
  const auto row = state_.get(StateFamily::registrations, view_of(registration_key(fingerprint)));
  if (!row) require_read(row.error(), "the registrations of the state");
  if (!row.value()) return PersonId();
  const auto registration = decode_registration(*row.value());
  return registration ? registration.value().person : PersonId();
}

void JournalCollector::collect_registry_event(const PersonEntry& entry, std::uint32_t rule_pack) {
  if (entry.other != PersonId()) owners_.note({entry.other, entry.person});
  const ledger::PersonEvent& event = entry.event;
  const bool chooses = entry.is_new_person || event.has_other();
  add_number(entry.person, entry.position, event.person, chooses && event.in_use() == event.person);
  if (event.has_other()) {
    add_number(entry.person, entry.position, event.other, event.in_use() == event.other);
  }
  parts_.add(parts_.registry_events, put_aside(entry, year_, rule_pack), hint_);
  const std::uint64_t of = entry.person.value();
  const std::uint64_t position = entry.position.value();
  for (const ledger::Period& period : event.periods) {
    parts_.add(parts_.periods,
               {0, of, position, day_number(period.from), period.to ? day_number(*period.to) : 0,
                period.to.has_value()},
               hint_);
  }
  for (const Position named : entry.meanwhile) {
    parts_.add(parts_.meanwhile, {0, of, position, named.value()}, hint_);
  }
}

void JournalCollector::add_number(PersonId person, Position position,
                                  const ledger::EncryptedNumber& number, bool is_in_use) {
  parts_.add(parts_.introduced, {0, person.value(), position.value(), number, is_in_use}, hint_);
}

void JournalCollector::collect_practice_event(const PracticeEntry& entry) {
  if (entry.is_new_practice) introduce(entry.practice, entry.event.practice, entry.position);
  PracticeEntry& newest = registered_[entry.practice];
  if (entry.previous != newest.position) {
    use_difference_({ledger::DifferenceKind::practice_differs,
                     {},
                     entry.practice,
                     entry.position,
                     "previous",
                     ledger::to_string(newest.position),
                     ledger::to_string(entry.previous)});
  }
  newest = entry;
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

void JournalCollector::introduce(ledger::PracticeNumber number, const ledger::PracticeId& id,
                                 Position position) {
  if (practices_.has(number) && practices_.id(number) == id) return;
  use_difference_({ledger::DifferenceKind::practice_differs,
                   {},
                   number,
                   position,
                   "practiceId",
                   std::string(id.view()),
                   practices_.text(number)});
}

void JournalCollector::collect_tally(const ledger::Tally& tally) {
  if (int{tally.month.year()} != year_) return;
  const std::uint32_t month = storage::number_of(tally.month);
  const auto code = static_cast<std::uint8_t>(tally.code);
  const std::uint32_t practice = practices_.number_of(tally.practice.view()).value_or(0);
  parts_.tallies.add(parts_.part_of_practice(ledger::PracticeNumber{practice}),
                     {practice, month, tally.count, code});
  if (practice != 0 || tally.practice.view().empty()) return;
  parts_.refusals.add(parts_.part_of_stranger(tally.practice),
                      {tally.practice, month, tally.count, code});
}

}  // namespace storage
