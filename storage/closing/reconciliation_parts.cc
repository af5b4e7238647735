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

PutAsideEntry put_aside(const ItemEntry& entry, std::uint32_t rule_pack) {
  PutAsideEntry record;
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

PutAsideUnpaid put_aside(const ledger::UnpaidKey& key, const ledger::UnpaidRegistration& unpaid) {
  PutAsideUnpaid record;
  record.practice = key.practice.value();
  record.service_day = static_cast<std::int32_t>(key.service_date.time_since_epoch().count());
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
  return {PracticeNumber{record.practice}, ledger::Date{std::chrono::days{record.service_day}},
          Position{record.position}};
}

ledger::UnpaidRegistration take_up(const PutAsideUnpaid& record) {
  return {Position{record.position},
          ledger::Guid{record.guid},
          {record.service_seconds, record.service_nanoseconds},
          {record.received_seconds, record.received_nanoseconds},
          Money::from_ore(record.amount_ore)};
}

void require_read(const ledger::Result<void>& read, const char* what) {
  if (read) return;
  throw std::runtime_error(fmt::format(
      "{} cannot be read: {}; remedy: run `frikort verify`, restore the latest backup "
      "if the journal is damaged, or remove the folder `state` while the server is stopped",
      what, read.error().message()));
}

}  // namespace storage
