#include "storage/closing/reconciliation_parts.h"

#include <fmt/format.h>

#include <stdexcept>

namespace storage {

using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Money;
using ledger::PersonId;
using ledger::Position;
using ledger::PracticeNumber;

namespace {

std::int32_t day_number(ledger::Date date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}
ledger::Date date_of_day(std::int32_t day) { return ledger::Date{std::chrono::days{day}}; }

}  // namespace

PutAsideEntry put_aside(const ItemEntry& entry, PersonId of, std::uint32_t rule_pack) {
  PutAsideEntry record;
  record.of = of.value();
  record.person = entry.person.value();
  record.position = entry.verdict.position.value();
  record.previous = entry.previous.value();
  record.service_seconds = entry.item.service_time.seconds;
  record.service_nanoseconds = entry.item.service_time.nanoseconds;
  record.received_seconds = entry.item.received.seconds;
  record.received_nanoseconds = entry.item.received.nanoseconds;
  record.guid = entry.item.guid.bytes;
  record.practice = entry.practice.value();
  record.amount_ore = static_cast<std::uint32_t>(entry.item.amount.ore());
  record.rule_pack = rule_pack;
  record.type = static_cast<std::uint8_t>(entry.item.type);
  record.service_type = static_cast<std::uint8_t>(entry.item.service_type);
  record.reason = static_cast<std::uint8_t>(entry.verdict.reason);
  record.exemption = entry.item.exemption;
  record.is_paid = entry.item.is_paid;
  record.is_counted = entry.verdict.counted;
  record.is_exempt = entry.verdict.exempt;
  return record;
}

ItemEntry take_up(const PutAsideEntry& record) {
  ItemEntry entry;
  entry.person = PersonId{record.person};
  entry.practice = PracticeNumber{record.practice};
  entry.previous = Position{record.previous};
  entry.item.type = static_cast<ItemType>(record.type);
  entry.item.exemption = record.exemption;
  entry.item.is_paid = record.is_paid;
  entry.item.service_type = static_cast<ledger::ServiceType>(record.service_type);
  entry.item.guid.bytes = record.guid;
  entry.item.service_time = {record.service_seconds, record.service_nanoseconds};
  entry.item.received = {record.received_seconds, record.received_nanoseconds};
  entry.item.amount = Money::from_ore(record.amount_ore);
  entry.verdict = {Position{record.position}, static_cast<ledger::Code>(record.reason),
                   record.is_counted, record.is_exempt};
  return entry;
}

PutAsideRegistryEvent put_aside(const ledger::PersonEntry& entry, int year,
                                std::uint32_t rule_pack) {
  PutAsideRegistryEvent record;
  record.of = entry.person.value();
  record.other = entry.other.value();
  record.position = entry.position.value();
  record.previous = entry.previous.value();
  record.other_previous = entry.other_previous.value();
  record.received_seconds = entry.event.received.seconds;
  record.received_nanoseconds = entry.event.received.nanoseconds;
  record.type = static_cast<std::uint8_t>(entry.event.type);
  record.rule_pack = rule_pack;
  record.has_day = entry.event.date.has_value();
  if (entry.event.date) record.day = day_number(*entry.event.date);
  for (const ledger::JoinedYear& joined : entry.years) {
    if (joined.year != year) continue;
    record.has_joined = true;
    record.joined_kept = joined.kept.value();
    record.joined_other = joined.other.value();
  }
  return record;
}

ledger::PersonEntry take_up(const PutAsideRegistryEvent& record, int year) {
  ledger::PersonEntry entry;
  entry.person = PersonId{record.of};
  entry.other = PersonId{record.other};
  entry.position = Position{record.position};
  entry.previous = Position{record.previous};
  entry.other_previous = Position{record.other_previous};
  entry.event.received = {record.received_seconds, record.received_nanoseconds};
  entry.event.type = static_cast<ledger::PersonEventType>(record.type);
  if (record.has_day) entry.event.date = date_of_day(record.day);
  if (record.has_joined) {
    entry.years.push_back({year, Position{record.joined_kept}, Position{record.joined_other}});
  }
  return entry;
}

PutAsideEvent put_aside(const ledger::Event& event, std::uint32_t ordinal, int year) {
  PutAsideEvent record;
  record.of = event.account.person.value();
  record.cause = event.cause.value();
  record.registration = event.registration.value();
  record.merged = event.merged.value();
  record.amount_ore = event.amount.ore();
  record.entitled_from = day_number(event.entitled_from);
  record.moved_from = day_number(event.moved_from);
  record.card = event.card;
  record.ordinal = ordinal;
  record.type = static_cast<std::uint8_t>(event.type);
  for (const ledger::ReplacedCard& card : event.replaced_cards) {
    if (card.year != year) continue;
    record.has_replaced = true;
    record.card = card.card;
    record.replaced = card.replaced;
  }
  return record;
}

ledger::Event take_up(const PutAsideEvent& record, int year) {
  ledger::Event event;
  event.type = static_cast<ledger::EventType>(record.type);
  const bool is_merge = event.type == ledger::EventType::person_merged;
  event.account = {PersonId{record.of}, is_merge ? 0 : year};
  event.cause = Position{record.cause};
  event.registration = Position{record.registration};
  event.merged = PersonId{record.merged};
  event.amount = Money::from_ore(record.amount_ore);
  event.entitled_from = date_of_day(record.entitled_from);
  event.moved_from = date_of_day(record.moved_from);
  if (!is_merge) event.card = record.card;
  if (record.has_replaced) event.replaced_cards.push_back({year, record.card, record.replaced});
  return event;
}

PutAsideUnpaid put_aside(const ledger::UnpaidKey& key, const ledger::UnpaidRegistration& unpaid) {
  PutAsideUnpaid record;
  record.practice = key.practice.value();
  record.service_day = day_number(key.service_date);
  record.position = key.position.value();
  record.service_seconds = unpaid.service_time.seconds;
  record.service_nanoseconds = unpaid.service_time.nanoseconds;
  record.received_seconds = unpaid.received.seconds;
  record.received_nanoseconds = unpaid.received.nanoseconds;
  record.guid = unpaid.guid.bytes;
  record.amount_ore = unpaid.amount.ore();
  return record;
}

ledger::UnpaidKey key_of(const PutAsideUnpaid& record) {
  return {PracticeNumber{record.practice}, date_of_day(record.service_day),
          Position{record.position}};
}

ledger::UnpaidRegistration take_up(const PutAsideUnpaid& record) {
  return {Position{record.position},
          ledger::Guid{record.guid},
          {record.service_seconds, record.service_nanoseconds},
          {record.received_seconds, record.received_nanoseconds},
          Money::from_ore(record.amount_ore)};
}

std::size_t ReconciliationParts::part_for(const PutAsideEntry& entry, const Owners& owners) const {
  if (entry.of != 0) return part_of_person(owners.of(PersonId{entry.of}));
  std::uint64_t sum = 0;
  for (const std::uint8_t byte : entry.guid) sum = sum * 31 + byte;
  return sum % count;
}

void ReconciliationParts::finish_persons() {
  entries.finish();
  registry_events.finish();
  periods.finish();
  meanwhile.finish();
  events.finish();
  introduced.finish();
}

template <class Record>
void ReconciliationParts::place_again(Spill<Record>& spill, const Owners& owners) {
  for (std::size_t part = 0; part < count; ++part) {
    for (const Record& record : spill.read(part)) {
      const std::size_t place = part_for(record, owners);
      if (place != part) spill.add(place, record);
    }
    spill.finish();
  }
}

void ReconciliationParts::place_again(const Owners& owners) {
  finish_persons();
  place_again(entries, owners);
  place_again(registry_events, owners);
  place_again(periods, owners);
  place_again(meanwhile, owners);
  place_again(events, owners);
  place_again(introduced, owners);
}

void ReconciliationParts::remove_persons(std::size_t part) {
  entries.remove(part);
  registry_events.remove(part);
  periods.remove(part);
  meanwhile.remove(part);
  events.remove(part);
}

void require_read(const ledger::Result<void>& read, const char* what) {
  if (read) return;
  throw std::runtime_error(fmt::format(
      "{} cannot be read: {}; remedy: run `frikort verify`, restore the latest backup "
      "if the journal is damaged, or remove the folder `state` while the server is stopped",
      what, read.error().message()));
}

}  // namespace storage
